import { once } from "node:events";
import { getPriority } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";

const file = pathToFileURL(join(import.meta.dirname, "worker.ts")).href;

/** What the kernel says of a thread that asked to go first. */
const program = `
  import { readlinkSync } from "node:fs";
  import { getPriority } from "node:os";
  import { parentPort } from "node:worker_threads";
  import { goFirst } from ${JSON.stringify(file)};
  goFirst();
  parentPort.postMessage(getPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1))));`;

test("a thread goes first, alone of its process, or takes its turn where it may not", async () => {
  const own = getPriority();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  onTestFinished(async () => void (await worker.terminate()));

  const [niceness] = await once(worker, "message");

  expect(niceness).toBe(process.getuid?.() === 0 ? -10 : own);
  expect(getPriority()).toBe(own);
});
