/**
 * TCP connections for instances. An address that fails again and again is given a rest: a module that asks for it in a
 * loop costs the agent nothing then, and a device that comes back is not met by all at once.
 */
import { connect, type Socket } from "node:net";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { ByteLine, ByteLineEnds } from "../../ports/module-services.ts";
import type { Breakers } from "./breakers.ts";

/** An attempt that takes longer has failed. */
const connectTimeout = 5000;

export async function openConnection(
  { host, port }: { readonly host: string; readonly port: number },
  breakers: Breakers,
  ends: ByteLineEnds,
): Promise<ByteLine> {
  try {
    return lineOf(
      await breakers.execute({ kind: "host", thing: `${host}:${port}` }, () => opened(host, port)),
      ends,
    );
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("CONNECT_FAILED", `${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
}

function opened(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, noDelay: true });
  socket.setTimeout(connectTimeout, () => socket.destroy(new Error("no answer in 5 s")));
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.setTimeout(0);
    socket.removeListener("error", reject);
    // Nothing is read before somebody listens.
    socket.pause();
    resolve(socket);
  });
  return promise;
}

function lineOf(socket: Socket, ends: ByteLineEnds): ByteLine {
  let reason = "the other side closed it";
  socket.on("error", (error) => (reason = error.message));
  socket.on("close", () => ends.closed(reason));
  socket.on("data", (bytes: Buffer) => ends.came(new Uint8Array(bytes)));
  // Whoever asked is told first that it is open.
  setImmediate(() => socket.resume());
  return {
    write(bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      socket.write(bytes, (error) => (error ? reject(new Fault("CLOSED", error.message)) : resolve()));
      return promise;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      reason = "it was closed";
      socket.destroy();
    },
  };
}
