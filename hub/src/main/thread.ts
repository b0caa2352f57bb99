/** The thread that compiles sites. */
import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod/mini";
import { invariant } from "@interactor/shared/kernel/assert";
import { serveCompiler } from "../adapters/site-compiler/worker.ts";

const setup = z.object({ site: z.string(), interactor: z.optional(z.string()) });

export function run(): void {
  invariant(parentPort !== null, "a thread has a parent");
  const { site, interactor } = setup.parse(workerData);
  serveCompiler(parentPort, site, interactor);
}
