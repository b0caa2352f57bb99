// A line that dies as Wi-Fi does: both ends still believe in it, and nothing comes through any more.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface DeadLine extends AsyncDisposable {
  readonly url: string;
  /** From now on nothing passes on the connections there are; new ones are refused. */
  die(): void;
  /** Ends the dead connections and lets new ones through. */
  heal(): void;
}

/** Stands in front of `http://127.0.0.1:port`. */
export async function openDeadLine(target: string): Promise<DeadLine> {
  const sockets = new Set<Socket>();
  let isDead = false;
  const server = createServer((near) => {
    if (isDead) {
      near.destroy();
      return;
    }
    const far = connect(Number(new URL(target).port), "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => !isDead && to.write(chunk));
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    die() {
      isDead = true;
    },
    heal() {
      cut();
      isDead = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
