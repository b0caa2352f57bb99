// A line between agent and hub that is slow downwards, that can be cut, and that can lose what comes down: what a phone or a
// bad radio link is. Everything that comes down stands in one queue of a bounded length, as in a router.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** As a small router holds it; then the sender is slowed down. */
const queueBytes = 32 * 1024;
/** An Ethernet frame's worth. */
const frameBytes = 1448;

export interface SlowLine extends AsyncDisposable {
  readonly url: string;
  /** Bytes that have come down. */
  readonly down: number;
  cut(): void;
}

export async function slowLine(target: string, bytesPerSecond: number): Promise<SlowLine> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let down = 0;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay());
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    near.pipe(far);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    const queue: Buffer[] = [];
    let waiting = 0;
    let isBusy = false;
    let free = performance.now();
    const send = (): void => {
      const frame = queue.shift();
      isBusy = frame !== undefined;
      if (frame === undefined) return;
      free = Math.max(free, performance.now()) + (frame.length / bytesPerSecond) * 1000;
      setTimeout(
        () => {
          waiting -= frame.length;
          down += frame.length;
          near.write(frame);
          if (waiting < queueBytes / 2) far.resume();
          send();
        },
        Math.max(free - performance.now(), 0),
      );
    };
    far.on("data", (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; at += frameBytes) queue.push(bytes.subarray(at, at + frameBytes));
      waiting += bytes.length;
      if (waiting > queueBytes) far.pause();
      if (!isBusy) send();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    get down() {
      return down;
    },
    cut,
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
      await Promise.resolve();
    },
  };
}
