/** What a machine gives to a hub: looked at without one, or beside the one that runs here. */
import { createServer } from "node:net";
import * as z from "zod/mini";
import { type Check, type CheckName, checkStates } from "@interactor/shared/wire/machine-check";
import { messageOf } from "@interactor/shared/kernel/fault";

export const machineAnswer = z.object({
  user: z.string(),
  checks: z.array(z.object({ check: z.string(), state: z.enum(checkStates), words: z.string() })),
});

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
