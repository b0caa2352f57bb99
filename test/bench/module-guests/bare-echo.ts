// The least a guest of Node can be, as a thread or a process: it says back what it is sent.

import { Socket } from "node:net";
import { parentPort } from "node:worker_threads";

if (parentPort === null) {
  const pipe = new Socket({ fd: 3, readable: true, writable: true });
  pipe.on("data", (bytes) => pipe.write(bytes));
  pipe.on("close", () => process.exit(0));
  pipe.write("ready");
} else {
  const port = parentPort;
  port.on("message", (message) => port.postMessage(message));
  port.postMessage("ready");
}
