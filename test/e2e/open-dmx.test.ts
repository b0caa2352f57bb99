// A universe to a bare serial chip, on real ttys: what goes out, in which order, at which speed it ends.

import { definition } from "@interactor/agent/modules/dmx/module.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { startOnBench } from "@interactor/shared/sdk/testing";
import { open } from "node:fs/promises";
import { expect, onTestFinished, vi } from "vitest";
import { requires } from "./requires.ts";
import { openTtyPair, type TtyPair } from "./tty-pair.ts";

const test = requires("socat");
const soon = { timeout: 15_000, interval: 20 };

/** The break's 0, the start code and 512 levels. */
const frameBytes = 1 + 1 + 512;

test("frames with a break's byte before each are repeated, and a new look takes the next", async () => {
  await using pair = await openTtyPair();
  const heard = await listen(pair);
  const bench = await dmx(pair.path);

  bench.apply("ch1", 7);
  bench.apply("ch512", 9);
  await vi.waitFor(() => expect(heard().length).toBeGreaterThan(frameBytes * 4), soon);
  expect(frames(heard()).slice(0, 4)).toEqual(Array.from({ length: 4 }, () => [0, 0, 7, 9]));
  expect(await bench.selfTest()).toBeUndefined();
  bench.apply("ch1", 200);

  await vi.waitFor(() => expect(frames(heard()).at(-1)).toEqual([0, 0, 200, 9]), soon);
  expect(bench.states).toEqual(["running"]);
});

test("an adapter that is pulled is waited for, and is no fault", async () => {
  const pair = await openTtyPair();
  const bench = await dmx(pair.path);
  bench.apply("ch1", 7);
  await vi.waitFor(() => expect(bench.states.at(-1)).toBe("running"), soon);

  await pair[Symbol.asyncDispose]();

  await vi.waitFor(() => expect(bench.states.at(-1)).toMatch(/^waiting: .*Open DMX: /u), soon);
  expect(await bench.selfTest()).toBeUndefined();
});

async function dmx(path: string) {
  const clock = systemClock(newSteering());
  const bench = await startOnBench(definition, { universe: 1, openDmx: { path } }, { clock });
  onTestFinished(() => bench.stop());
  return bench;
}

/** All that has come, whole frames from the first on. */
async function listen({ devicePath }: TtyPair): Promise<() => Buffer> {
  const device = await open(devicePath, "r");
  onTestFinished(() => device.close());
  const bytes: Buffer[] = [];
  const read = async (): Promise<void> => {
    for (;;) {
      const { bytesRead, buffer } = await device.read(Buffer.alloc(4096));
      if (bytesRead === 0) return;
      bytes.push(buffer.subarray(0, bytesRead));
    }
  };
  void read().catch(() => undefined);
  return () => Buffer.concat(bytes);
}

/** Of each frame: the break, the start code, the first level and the last. */
function frames(heard: Buffer): (readonly (number | undefined)[])[] {
  const count = Math.floor(heard.length / frameBytes);
  return Array.from({ length: count }, (_, index) => {
    const frame = heard.subarray(index * frameBytes, (index + 1) * frameBytes);
    return [frame[0], frame[1], frame[2], frame[frameBytes - 1]];
  });
}
