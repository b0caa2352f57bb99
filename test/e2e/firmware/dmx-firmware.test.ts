// The DMX widget's firmware on an emulated ATmega2560, and what a receiver on its line makes of it.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { openTty, type Tty } from "@interactor/agent/serial-line/tty.ts";
import type { BenchEvent, DmxFrame, FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import {
  encodeDmx,
  encodeGuard,
  encodeReceive,
  encodeWidgetFrame,
  labels,
  receivedLevels,
  WidgetReader,
} from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { requires } from "../requires.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("dmx-pro", "atmega2560");
});
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await workbench.clear();
});
afterAll(() => workbench[Symbol.asyncDispose]());

interface Widget {
  readonly bench: FirmwareBench;
  readonly tty: Tty;
  readonly answers: { readonly label: number; readonly payload: string }[];
}

async function widget(baudRate = 115_200): Promise<Widget> {
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  const answers: { label: number; payload: string }[] = [];
  const reader = new WidgetReader((label, payload) => {
    answers.push({ label, payload: Buffer.from(payload).toString("hex") });
  });
  const tty = await openTty(
    { path: bench.line, baudRate, dataBits: 8, stopBits: 1, parity: "none" },
    { received: (bytes) => reader.push(bytes), ended: () => undefined },
  );
  closing.push(() => tty.close());
  // It has started when it has begun its second frame.
  await bench.next("dmx");
  return { bench, tty, answers };
}

/** Sends it until it is on the line: the first may meet a widget that listens at the other speed. */
async function show(
  tty: Tty,
  bench: FirmwareBench,
  slots: Uint8Array,
): Promise<BenchEvent & { kind: "dmx" }> {
  const shown = bench.next("dmx", ({ frame }) => Buffer.from(frame.slots).equals(slots));
  tty.write(encodeDmx(slots));
  const again = setInterval(() => void (tty.backlog === 0 && tty.write(encodeDmx(slots))), 300);
  return shown.finally(() => clearInterval(again));
}

const levels = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 512 }, (_, slot) => (slot * 7 + seed) & 0xff);

const framesOf = (bench: FirmwareBench): readonly DmxFrame[] => bench.ofKind("dmx").map(({ frame }) => frame);

test.each([115_200, 250_000])(
  "frames of 512 slots go out in DMX512's time, with a host at %i baud",
  async (baud) => {
    const { bench, tty } = await widget(baud);

    for (let seed = 0; seed < 20; seed++) await show(tty, bench, levels(seed));

    const frames = framesOf(bench).slice(1);
    expect(frames.length).toBeGreaterThan(20);
    for (const frame of frames) {
      expect(frame.breakMicros).toBeGreaterThanOrEqual(92);
      expect(frame.markMicros).toBeGreaterThanOrEqual(12);
      expect(frame.periodMicros).toBeGreaterThanOrEqual(22_700);
      expect(frame.periodMicros).toBeLessThanOrEqual(26_000);
      expect(frame.startCode).toBe(0);
      expect(frame.slots).toHaveLength(512);
    }
    expect(bench.ofKind("dmx-fault")).toEqual([]);
    expect((await bench.counts()).overruns).toBe(0);
  },
);

test("it says who it is, as the widget does that it stands in for", async () => {
  const { bench, tty, answers } = await widget();

  tty.write(encodeWidgetFrame(labels.getParameters, Uint8Array.of(0, 0)));
  tty.write(encodeWidgetFrame(labels.getSerial));
  tty.write(encodeWidgetFrame(labels.getManufacturer));
  tty.write(encodeWidgetFrame(labels.getDevice));
  await bench.elapse(200_000);

  await expect.poll(() => answers.length).toBe(4);
  const text = (index: number): string =>
    Buffer.from(answers[index]?.payload ?? "", "hex")
      .subarray(2)
      .toString();
  expect(answers[0]).toEqual({ label: labels.getParameters, payload: "0101090328" });
  expect(answers[1]).toEqual({ label: labels.getSerial, payload: "ffffffff" });
  expect([text(2), text(3)]).toEqual(["Interactor", "dmx-pro"]);
});

test("a host that is silent: the line goes dark after the time of the guard, and lights up again", async () => {
  const { bench, tty } = await widget();
  tty.write(encodeGuard(2000));
  const lit = await show(tty, bench, levels(1));

  const dark = await bench.next("dmx", ({ frame }) => frame.slots.every((level) => level === 0));

  // The frame that was under way, and the one after it.
  expect(dark.at - lit.at).toBeLessThanOrEqual(2_500_000);
  expect(dark.at - lit.at).toBeGreaterThanOrEqual(1_900_000);
  await show(tty, bench, levels(2));
}, 60_000);

test("with a scene it goes there, and without a guard it holds as Enttec's does", async () => {
  const { bench, tty } = await widget();
  await show(tty, bench, levels(1));
  await bench.elapse(4_000_000);
  expect(framesOf(bench).at(-1)?.slots).toEqual(levels(1));

  tty.write(encodeGuard(500, levels(9)));

  await bench.next("dmx", ({ frame }) => Buffer.from(frame.slots).equals(levels(9)));
}, 60_000);

test("the guard leaves a fed line alone, wherever in the clock's millisecond the last byte of a look comes", async () => {
  const { bench, tty, answers } = await widget();
  tty.write(encodeGuard(2000));
  const look = levels(6).subarray(0, 24);
  await show(tty, bench, look);
  await expect.poll(() => answers.at(-1)?.payload).toBe("d00700");
  bench.step();
  const from = framesOf(bench).length;

  // The chip's clock turns over every 1024 us: 256 looks, each 4 us later in that than the one before it.
  for (let count = 0; count < 256; count += 1) {
    tty.write(encodeDmx(look));
    while (tty.backlog > 0) await delay(1);
    await bench.elapse(25 * 1024 + 4);
  }

  const frames = framesOf(bench).slice(from);
  expect(frames.length).toBeGreaterThan(250);
  expect(frames.filter(({ slots }) => !Buffer.from(slots).equals(look)).length).toBe(0);
}, 120_000);

test("what is no frame leaves the line as it is", async () => {
  const { bench, tty } = await widget();
  await show(tty, bench, levels(3));

  tty.write(encodeWidgetFrame(labels.sendDmx));
  tty.write(encodeWidgetFrame(labels.sendDmx, new Uint8Array(600)));
  tty.write(encodeWidgetFrame(7, new Uint8Array(20)));
  tty.write(Uint8Array.of(0x7e, 6, 0xff, 0xff));
  tty.write(encodeDmx(levels(4)).subarray(0, 200));
  await bench.elapse(400_000);

  expect(framesOf(bench).at(-1)?.slots).toEqual(levels(3));
  await show(tty, bench, levels(5));
});

test("a host that asks without a pause is answered for a second and more, and the widget does not take itself for hung", async () => {
  const { bench, tty, answers } = await widget();
  await show(tty, bench, levels(7));
  const from = bench.ofKind("reset").length;

  const flood = Array.from({ length: 4000 }, () => encodeWidgetFrame(labels.getManufacturer));
  tty.write(Buffer.concat(flood));
  // 20,000 bytes at 11,520 a second.
  await bench.elapse(2_500_000);

  expect((await bench.counts()).received).toBeGreaterThan(20_000);
  expect(answers.filter(({ label }) => label === labels.getManufacturer).length).toBeGreaterThan(500);
  expect(bench.ofKind("reset")).toHaveLength(from);
  expect(framesOf(bench).at(-1)?.slots).toEqual(levels(7));
}, 60_000);

test("another rate and break are taken as far as DMX512 allows", async () => {
  const { bench, tty } = await widget();

  tty.write(encodeWidgetFrame(labels.setParameters, Uint8Array.of(0, 0, 1, 1, 255)));
  await show(tty, bench, levels(1));
  const fast = (await bench.next("dmx")).frame;
  tty.write(encodeWidgetFrame(labels.setParameters, Uint8Array.of(0, 0, 20, 1, 10)));
  await bench.elapse(400_000);

  expect(fast.breakMicros).toBeGreaterThanOrEqual(92);
  expect(fast.periodMicros).toBeGreaterThanOrEqual(22_700);
  const slow = framesOf(bench).at(-1);
  expect(slow?.breakMicros).toBeGreaterThanOrEqual(213);
  expect(Math.abs((slow?.periodMicros ?? 0) - 100_000)).toBeLessThanOrEqual(50);
});

/** What a desk sends: the start code, then levels. */
const packet = (slots: Uint8Array, startCode = 0): Uint8Array => Uint8Array.of(startCode, ...slots);

/** The levels that the host was told, in the order in which they came. */
const toldTo = ({ answers }: Widget): readonly (Uint8Array | undefined)[] =>
  answers
    .filter(({ label }) => label === labels.receivedDmx)
    .map(({ payload }) => receivedLevels(Buffer.from(payload, "hex")));

/** A widget that hears the line, and has said so by telling a first look. */
async function hearing(): Promise<Widget> {
  const given = await widget(250_000);
  given.bench.feed(packet(levels(0)));
  // Until it has found the host's speed.
  await expect
    .poll(
      () => {
        given.tty.write(encodeReceive());
        return toldTo(given).at(-1);
      },
      { timeout: 20_000, interval: 100 },
    )
    .toEqual(levels(0));
  return given;
}

/**
 * The line keeps the order: when a question is answered, what the widget told before it is here. It is asked again, as
 * levels that were sent twice may have made the widget lose it.
 */
async function heardAll({ tty, bench, answers }: Widget): Promise<void> {
  const count = (): number => answers.filter(({ label }) => label === labels.getDevice).length;
  const before = count();
  await expect
    .poll(
      async () => {
        tty.write(encodeWidgetFrame(labels.getDevice));
        await bench.elapse(10_000);
        return count();
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(before);
}

test("what a desk sends is told, frame by frame, in the order it came", async () => {
  const given = await hearing();
  const { bench } = given;
  bench.step();
  const before = toldTo(given).length;

  for (let seed = 1; seed <= 10; seed += 1) {
    bench.feed(packet(levels(seed)));
    await bench.elapse(90_000);
  }

  await expect.poll(() => toldTo(given).at(-1)).toEqual(levels(10));
  const told = toldTo(given).slice(before);
  const looks = told.filter((look, index) => look?.[1] !== told[index - 1]?.[1]);
  expect(looks.slice(-10)).toEqual(Array.from({ length: 10 }, (_, index) => levels(index + 1)));
  // Three frames of each look, of which one may have been cut off by the next look.
  expect(told.length).toBeGreaterThanOrEqual(20);
  // It lets go of the line while it hears.
  expect(bench.ofKind("dmx-fault")).toEqual([]);
});

test("a short frame is told when the next begins; other start codes, too few slots and silence are no levels", async () => {
  const given = await hearing();
  const { bench } = given;
  bench.step();

  bench.feed(packet(Uint8Array.of(7, 8, 9)));
  await bench.elapse(100_000);
  await expect.poll(() => toldTo(given).at(-1)).toEqual(Uint8Array.of(7, 8, 9));
  bench.feed(packet(Uint8Array.of(1, 2), 0x17));
  await bench.elapse(100_000);
  await expect.poll(() => toldTo(given).at(-1)).toBe(undefined);
  bench.feed(Uint8Array.of(0));
  await bench.elapse(100_000);
  await heardAll(given);
  const before = toldTo(given).length;
  bench.feed(undefined);
  await bench.elapse(500_000);
  await heardAll(given);

  expect(toldTo(given)).toHaveLength(before);
});

test("a host that sends levels again has the line again, and hears nothing any more", async () => {
  const given = await hearing();
  const { bench, tty } = given;
  const from = bench.ofKind("dmx").length;

  await show(tty, bench, levels(5));
  await bench.elapse(100_000);
  await heardAll(given);
  const told = toldTo(given).length;
  await bench.elapse(200_000);
  await heardAll(given);

  expect(toldTo(given)).toHaveLength(told);
  expect(bench.ofKind("dmx").length).toBeGreaterThan(from);
  expect(bench.ofKind("dmx-fault")).toEqual([]);
});

test("questions are answered between the frames that are told, not within them", async () => {
  const given = await hearing();
  const { bench, tty, answers } = given;

  for (let count = 0; count < 20; count += 1) {
    tty.write(encodeWidgetFrame(labels.getDevice));
    await bench.elapse(7000);
  }

  await expect.poll(() => answers.filter(({ label }) => label === labels.getDevice).length).toBe(20);
  for (const look of toldTo(given)) expect(look).toEqual(levels(0));
});
