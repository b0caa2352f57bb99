// The bytes of firmata-lite, without any library between.

import { openTty } from "@interactor/agent/serial-line/tty.ts";
import vectors from "@interactor/firmware-bridges/firmata-lite/vectors.json" with { type: "json" };
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { requires } from "../requires.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("firmata-lite", "atmega328p");
});
afterEach(() => workbench.clear());
afterAll(() => workbench[Symbol.asyncDispose]());

test.each(vectors.uno)("$name", async ({ says, answer }) => {
  const bench = await workbench.start({ firmware });
  // What it says at its start is over.
  await bench.elapse(100_000);
  const heard: Buffer[] = [];
  const tty = await openTty(
    { path: bench.line, baudRate: 57_600, dataBits: 8, stopBits: 1, parity: "none" },
    { received: (bytes) => void heard.push(Buffer.from(bytes)), ended: () => undefined },
  );
  await bench.elapse(20_000);

  tty.write(Buffer.from(says, "hex"));
  await bench.elapse(200_000);

  await expect.poll(() => Buffer.concat(heard).toString("hex")).toBe(answer);
  await tty.close();
});

test("it says its version and its name at the start", async () => {
  const bench = await workbench.start({ firmware });
  const heard: Buffer[] = [];
  const tty = await openTty(
    { path: bench.line, baudRate: 57_600, dataBits: 8, stopBits: 1, parity: "none" },
    { received: (bytes) => void heard.push(Buffer.from(bytes)), ended: () => undefined },
  );
  await bench.elapse(50_000);
  heard.length = 0;

  bench.reset();
  await bench.elapse(100_000);

  await expect.poll(() => Buffer.concat(heard).toString("hex")).toBe(vectors.start);
  await tty.close();
});
