// The dmx module hears a desk on a DMX512 line: by the widget's firmware on the bench, and by a line that says anything.

import { open } from "node:fs/promises";
import { definition } from "@interactor/agent/modules/dmx/module.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { seededRandom } from "@interactor/shared/kernel/random";
import { quality } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { afterAll, beforeAll, expect, onTestFinished, test as plainTest, vi } from "vitest";
import { Light } from "../light.ts";
import { requires } from "../requires.ts";
import { openTtyPair } from "../tty-pair.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("dmx-pro", "atmega2560");
});
afterAll(() => workbench[Symbol.asyncDispose]());

const soon = { timeout: 30_000, interval: 20 };

/** An instance that hears `path`, gives channel 7 as `fader`, and shows what it hears below its own channels. */
async function listener(path: string, more: object = {}): Promise<Bench> {
  const settings = {
    universe: 1,
    ...more,
    receive: { usb: { path }, merge: true, channels: { fader: { channel: 7 } } },
    failsafe: { hold: "forever" },
    dimmers: { low: { channel: 7 } },
    priorities: { dimmers: 90 },
  };
  const bench = await startOnBench(definition, settings, { clock: systemClock(newSteering()) });
  onTestFinished(() => bench.stop());
  return bench;
}

const lastOf = (bench: Bench, output: string) => {
  const last = bench.emitted.findLast((each) => each.output === output);
  return last && { value: last.value, quality: last.emission.quality ?? quality.good };
};

/** Channel 7 at this level, 6 and 8 at others. */
const look = (level: number): Uint8Array =>
  Uint8Array.of(0, 1, 2, 3, 4, 5, 6, level, 8, ...Array(504).fill(9));

test("a desk on the line of the widget drives routes, and goes stale when the line is pulled", async () => {
  const chip = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  onTestFinished(() => workbench.clear());
  chip.feed(look(51));
  await using light = await Light.open();
  const bench = await listener(chip.line, { sacn: { to: ["127.0.0.1"], port: light.port } });
  await vi.waitFor(() => expect(lastOf(bench, "fader")).toEqual({ value: 0.2, quality: 0 }), soon);
  expect(bench.states.at(-1)).toBe("running");
  expect(lastOf(bench, "desks")?.value).toBe(1);

  // A dimmer stands below the desk here, a raw channel above it.
  bench.apply("low", 1);
  bench.apply("ch8", 200);
  await vi.waitFor(
    () => expect([6, 7, 8, 9].map((each) => light.level(each))).toEqual([6, 51, 200, 9]),
    soon,
  );

  chip.feed(look(255));
  await vi.waitFor(() => expect(lastOf(bench, "fader")?.value).toBe(1), soon);
  chip.feed(undefined);

  await vi.waitFor(() => expect(lastOf(bench, "fader")).toEqual({ value: 1, quality: 1 }), soon);
  expect(lastOf(bench, "desks")?.value).toBe(0);
  chip.feed(look(102));
  await vi.waitFor(() => expect(lastOf(bench, "fader")).toEqual({ value: 0.4, quality: 0 }), soon);
});

plainTest("what the line says by mistake or malice is passed over, and the next frame is heard", async () => {
  await using pair = await openTtyPair();
  await using device = await open(pair.devicePath, "r+");
  const bench = await listener(pair.path);
  const random = seededRandom(3);
  const noise = (length: number) => Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
  const told = (payload: Uint8Array) => encodeWidgetFrame(labels.receivedDmx, payload);
  const heard = (level: number) => told(Uint8Array.of(0, ...look(level)));
  // Who has not said anything yet may be anything.
  expect(bench.states.at(-1)).toMatch(/nothing has answered yet/u);
  await vi.waitFor(async () => {
    await device.write(heard(1));
    expect(bench.states.at(-1)).toBe("running");
  }, soon);
  const hostile: readonly Uint8Array[] = [
    noise(5000),
    new Uint8Array(20_000).fill(0x7e),
    heard(9).subarray(0, 300),
    told(new Uint8Array()),
    told(Uint8Array.of(0, 0)),
    told(Uint8Array.of(1, ...look(99))),
    told(Uint8Array.of(2, ...look(99))),
    told(Uint8Array.of(0, 0xcc, ...look(99).subarray(1))),
    told(Uint8Array.of(0, 0, ...new Uint8Array(513).fill(99))),
    encodeWidgetFrame(9, Uint8Array.of(0, 255, 255, 255, 255, 255, ...noise(40))),
    Uint8Array.of(0x7e, labels.receivedDmx, 0xff, 0xff, ...noise(400)),
  ];

  for (const [index, bytes] of hostile.entries()) {
    const level = 100 + index;
    await device.write(bytes);
    // A frame that was cut off is known for one by what comes behind it, and takes that with it.
    await vi.waitFor(async () => {
      await device.write(heard(level));
      expect(lastOf(bench, "fader")?.value).toBeCloseTo(level / 255, 5);
    }, soon);
  }

  const values = bench.emitted.filter(({ output }) => output === "fader").map(({ value }) => value);
  expect(values).not.toContain(99 / 255);
  expect(bench.states.at(-1)).toBe("running");
});
