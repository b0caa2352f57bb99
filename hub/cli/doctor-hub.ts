/** What a machine gives to a hub: looked at without one, or beside the one that runs here. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { type Check, type CheckName, checkStates } from "@interactor/shared/wire/machine-check";
import { messageOf } from "@interactor/shared/kernel/fault";
import { bundles } from "./bundles.ts";
import { commandFault } from "./exit.ts";
import { parseJson } from "./hub-client.ts";

/** Looking takes some seconds: sandboxes are tried, and a disk. */
const lookTimeout = 60_000;

const answer = z.object({
  user: z.string(),
  checks: z.array(z.object({ check: z.string(), state: z.enum(checkStates), words: z.string() })),
});
export type MachineAnswer = z.infer<typeof answer>;

/** What the agent's program finds here; it is asked, because it alone knows what it would do. */
export async function askAgent(options: readonly string[]): Promise<MachineAnswer> {
  const args = [bundles.agent, "doctor", ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: lookTimeout }).catch(
    (error: unknown) => {
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
      throw commandFault("FAILED", `the agent's program cannot look: ${said || messageOf(error)}`, error);
    },
  );
  const parsed = answer.safeParse(parseJson(stdout));
  if (parsed.success) return parsed.data;
  throw commandFault("FAILED", "the agent's program is of another version: build or install both together");
}

export interface Ports {
  readonly http: number;
  readonly mqtt: number;
}

/** Whether a hub could listen. `isOurs`: one of this site's does already. */
export async function portChecks(ports: Ports, isOurs: boolean): Promise<readonly Check[]> {
  const check = async (name: CheckName, port: number): Promise<Check> => {
    const fault = await listenFault(port);
    if (fault === undefined) return { check: name, state: "ok", words: `${port} is free` };
    if (isOurs) return { check: name, state: "ok", words: `a hub of Interactor serves on ${port}` };
    return { check: name, state: "missing", words: `${port} cannot be listened on: ${fault}` };
  };
  return [await check("http-port", ports.http), await check("mqtt-port", ports.mqtt)];
}

function listenFault(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(messageOf(error)));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}
