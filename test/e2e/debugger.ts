// Ends one worker thread of a running program from outside, as running out of memory would: over Node's inspector,
// which a program opens when it is sent SIGUSR1.

import { once } from "node:events";
import { eventually, type Program } from "./programs.ts";

/** The program needs this, or two of them would want the same port. */
export const debuggable = { NODE_OPTIONS: "--inspect-port=0" } as const;

/** Makes the worker whose title ends in `name` exit. */
export async function endWorker(program: Program, name: string): Promise<void> {
  await program.signal("SIGUSR1");
  const url = await eventually(
    "the inspector",
    () => /Debugger listening on (ws:\S+)/.exec(program.log())?.[1],
  );
  const socket = new WebSocket(url);
  await once(socket, "open");
  let lastId = 0;
  const send = (method: string, params: object): void => {
    socket.send(JSON.stringify({ id: (lastId += 1), method, params }));
  };
  const { promise: session, resolve } = Promise.withResolvers<string>();
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as WorkerAttached;
    if (message.method !== "NodeWorker.attachedToWorker") return;
    if (message.params.workerInfo.title.endsWith(name)) resolve(message.params.sessionId);
  });
  send("NodeWorker.enable", { waitForDebuggerOnStart: false });
  const message = { id: 1, method: "Runtime.evaluate", params: { expression: "process.exit(9)" } };
  send("NodeWorker.sendMessageToWorker", { sessionId: await session, message: JSON.stringify(message) });
  await eventually("the worker's end", () => program.log().includes("died: "));
  socket.close();
}

interface WorkerAttached {
  readonly method: string;
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } };
}
