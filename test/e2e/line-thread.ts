// A thread that opens the line it is given and says what became of it.

import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "@interactor/shared/kernel/assert";
import { messageOf } from "@interactor/shared/kernel/fault";
import { openTty } from "@interactor/agent/serial-line/tty.ts";

const options = { baudRate: 115_200, dataBits: 8, stopBits: 1, parity: "none" } as const;

invariant(parentPort !== null, "a worker has a parent");
const port = parentPort;

try {
  await openTty(
    { path: String(workerData), ...options },
    {
      received: (bytes) => port.postMessage(`received ${Buffer.from(bytes).toString()}`),
      ended: (words) => port.postMessage(`ended ${words ?? ""}`),
    },
  );
  port.postMessage("opened");
} catch (error) {
  port.postMessage(`refused: ${messageOf(error)}`);
}
