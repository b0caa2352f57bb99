/** Runs where a node stands and passes its connections on to the hub, late: the kernel here has no netem. */

import { connect, createServer, type Socket } from "node:net";
import { Fifo } from "@interactor/shared/wire/fifo";
import { answerRequests } from "../remote.ts";

export type DelayQuestion =
  /** Opens the way to the hub; the answer is the port that the node connects to. */
  | { readonly kind: "open"; readonly host: string; readonly port: number }
  /** From now on bytes take this long, in ms, each way. */
  | { readonly kind: "delay"; readonly delay: number };

/** Bytes on their way in one direction. More: the sender is read no further, as with a network that is full. */
const onTheWayMax = 256 * 1024;
let delay = 0;

answerRequests(async (asked) => {
  const question = asked as DelayQuestion;
  if (question.kind === "open") return open(question.host, question.port);
  delay = question.delay;
  return undefined;
});

function open(host: string, port: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host, port, allowHalfOpen: true, noDelay: true });
    carry(near, far);
    carry(far, near);
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : 0);
  });
  return promise;
}

function carry(from: Socket, to: Socket): void {
  let onTheWay = 0;
  // What was sent first arrives first, also when the delay becomes less.
  const arrivals = new Fifo<() => void>();
  const later = (arrive: () => void): void => {
    arrivals.push(arrive);
    setTimeout(() => arrivals.shift()?.(), delay);
  };
  from.on("data", (bytes: Buffer) => {
    onTheWay += bytes.length;
    if (onTheWay > onTheWayMax) from.pause();
    later(() => {
      to.write(bytes, () => {
        onTheWay -= bytes.length;
        if (onTheWay <= onTheWayMax) from.resume();
      });
    });
  });
  from.on("end", () => later(() => to.end()));
  from.on("error", () => undefined);
  from.on("close", () => later(() => to.destroy()));
}
