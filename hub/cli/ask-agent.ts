/** What the agent's program finds on this machine; it is asked, because it alone knows what it would do. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type * as z from "zod/mini";
import { messageOf } from "@interactor/shared/kernel/fault";
import { bundles } from "./bundles.ts";
import { commandFault } from "./exit.ts";
import { parseJson } from "./hub-client.ts";

/** Looking takes some seconds: sandboxes are tried, and a disk. */
const lookTimeout = 60_000;

export async function askAgent<Answer>(
  words: readonly string[],
  schema: z.ZodMiniType<Answer>,
): Promise<Answer> {
  const args = [bundles.agent, ...words];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: lookTimeout }).catch(
    (error: unknown) => {
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
      throw commandFault("FAILED", `the agent's program cannot look: ${said || messageOf(error)}`, error);
    },
  );
  const parsed = schema.safeParse(parseJson(stdout));
  if (parsed.success) return parsed.data;
  throw commandFault("FAILED", "the agent's program is of another version: build or install both together");
}
