// A thread that has a pin, as the worker of an instance has, and is ended without a word.

import { parentPort } from "node:worker_threads";
import { openLines } from "@interactor/agent/modules/gpio/lines.ts";

/** Its relay is on. */
export const heldPin = 6;

const port = parentPort;
if (port !== null) {
  const outputs = [{ offset: heldPin, isActiveLow: false, isOpenDrain: false, first: true }];
  await openLines(
    { chip: "auto", consumer: "vm/holder", inputs: [], outputs },
    { edges: () => undefined, failed: () => undefined },
  );
  port.postMessage("has it");
  setInterval(() => undefined, 1000);
}
