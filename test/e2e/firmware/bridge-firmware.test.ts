// The bridge's firmware on an emulated ATmega: the real hex file, a real tty, and time as the chip has it.

import { afterAll, afterEach, beforeAll, describe, expect, vi } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import { chips } from "@interactor/firmware-bridges/bench/build.ts";
import { bootBits, encodeRequest, holdLevel } from "@interactor/firmware-bridges/bridge/host/codec.ts";
import { encodeFrame } from "@interactor/firmware-bridges/framing/frame.ts";
import { requires } from "../requires.ts";
import { BridgeHost } from "./bridge-host.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("bridge", "atmega328p");
});
afterEach(() => workbench.clear());
afterAll(() => workbench[Symbol.asyncDispose]());

const hello = { kind: "hello", versionMin: 1, versionMax: 5 } as const;
/** Channels of the uno, and their pins. */
const pwmD3 = 10;
const servoD9 = 14;
const switchD7 = 8;
const onoffD12 = { channel: 16, pin: "B4" };
const onoffD13 = { channel: 17, pin: "B5" };

interface Welcomed extends AsyncDisposable {
  readonly bench: FirmwareBench;
  readonly host: BridgeHost;
}

async function welcomed(): Promise<Welcomed> {
  const bench = await workbench.start({ firmware });
  const host = await BridgeHost.open(bench.line);
  await host.ask(hello);
  return { bench, host, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

test("a version is agreed on, and a host that is too new is told so", async () => {
  const bench = await workbench.start({ firmware });
  await using host = await BridgeHost.open(bench.line);

  expect(await host.ask({ ...hello, versionMin: 7, versionMax: 9 })).toMatchObject({
    reason: "no-common-version",
  });
  expect(await host.ask({ kind: "ping" })).toMatchObject({ reason: "not-welcomed" });
  const welcome = await host.ask(hello);

  expect(welcome).toMatchObject({
    version: 1,
    firmware: "bridge",
    release: "1.1.0",
    board: "uno",
    channels: 18,
  });
  expect(welcome).toMatchObject({ bootReason: bootBits.power });
});

describe.each(chips)("on an %s", (chip) => {
  test("each channel says what it is, and no two have one label", async () => {
    const bench = await workbench.start({ chip, firmware: await workbench.build("bridge", chip) });
    await using host = await BridgeHost.open(bench.line);
    const welcome = await host.ask(hello);
    const channels = welcome.kind === "welcome" ? welcome.channels : 0;

    const labels = new Set<string>();
    const kinds: string[] = [];
    for (let channel = 0; channel < channels; channel++) {
      const description = await host.ask({ kind: "describe", channel });
      if (description.kind !== "description") throw new Error(`channel ${channel} said ${description.kind}`);
      labels.add(description.label);
      kinds.push(description.channelKind ?? "");
    }

    expect(labels.size).toBe(channels);
    expect(new Set(kinds)).toEqual(new Set(["analog-in", "switch-in", "pwm-out", "servo-out", "onoff-out"]));
    expect(await host.ask({ kind: "describe", channel: channels })).toMatchObject({
      reason: "no-such-channel",
    });
  });

  test("a pulse of a servo is as long as it should be, and comes every 20 ms", async () => {
    const bench = await workbench.start({ chip, firmware: await workbench.build("bridge", chip) });
    await using host = await BridgeHost.open(bench.line);
    await host.ask(hello);
    await host.ask({ kind: "guard", millis: 10_000 });
    // D9 of an uno, D11 of a mega.
    const { channel, pin } =
      chip === "atmega328p" ? { channel: servoD9, pin: "B1" } : { channel: 16, pin: "B5" };
    bench.watch(pin);

    for (const level of [500, 1500, 2500]) {
      expect(await host.ask({ kind: "set", channel, level })).toMatchObject({ kind: "done" });
      await bench.elapse(50_000);
      const last = bench.pulses(pin).at(-1) ?? 0;
      expect(Math.abs(last - level)).toBeLessThanOrEqual(12);
    }

    const rises = bench.ofKind("pin").filter(({ level }) => level === 1);
    const periods = rises.slice(1).map(({ at }, index) => at - (rises[index]?.at ?? 0));
    for (const period of periods) expect(Math.abs(period - 20_000)).toBeLessThanOrEqual(12);
    expect(periods.length).toBeGreaterThan(5);
  });
});

test("a request that cannot be is refused with its reason, and nothing happens", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  bench.watch(onoffD12.pin);

  expect(await host.ask({ kind: "set", channel: onoffD12.channel, level: 2 })).toMatchObject({
    reason: "out-of-range",
  });
  expect(await host.ask({ kind: "set", channel: servoD9, level: 499 })).toMatchObject({
    reason: "out-of-range",
  });
  expect(await host.ask({ kind: "set", channel: 0, level: 1 })).toMatchObject({ reason: "wrong-kind" });
  expect(await host.ask({ kind: "set", channel: 2 ** 31, level: 1 })).toMatchObject({
    reason: "no-such-channel",
  });
  expect(await host.ask({ kind: "subscribe", channel: pwmD3, periodMillis: 10 })).toMatchObject({
    reason: "wrong-kind",
  });
  expect(await host.ask({ kind: "subscribe", channel: 0, periodMillis: 1 })).toMatchObject({
    reason: "out-of-range",
  });
  expect(await host.ask({ kind: "guard", millis: 0 })).toMatchObject({ reason: "out-of-range" });

  expect(bench.ofKind("pin")).toEqual([expect.objectContaining({ level: 0 })]);
});

test("an output is bright as told, and quite off and quite on at the ends", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  bench.watch("D3");

  await host.ask({ kind: "set", channel: pwmD3, level: 128 });
  await host.ask({ kind: "set", channel: pwmD3, level: 255 });
  await host.ask({ kind: "set", channel: pwmD3, level: 0 });
  await bench.now();

  expect(bench.ofKind("pwm").filter(({ channel, level }) => channel === "2B" && level === 128)).toHaveLength(
    1,
  );
  // With half a level the timer drives the pin.
  expect(bench.ofKind("pin").at(-1)?.level).toBe(0);
});

test("each of 10,000 spoilt frames is passed over, and the frame after it is answered", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  await host.ask({ kind: "guard", millis: 10_000 });
  // Bytes of the first hello may have come while the chip was starting.
  const before = await host.ask({ kind: "ping" });
  if (before.kind !== "pong") throw new Error(`a ping was answered by ${before.kind}`);
  const { overruns } = await bench.counts();
  const random = seededRandom(1);
  const below = (most: number): number => Math.floor(random.next() * most);
  const spoilt = 10_000;
  const spoiltFrame = (kind: number): Uint8Array => {
    const request = { kind: "set", channel: below(18), level: below(2500) } as const;
    const frame = encodeFrame(encodeRequest(request, 1 + below(65_535)));
    const bytes = frame.ok ? [...frame.value] : [];
    const at = below(bytes.length - 1);
    // A byte is changed, lost, or put in.
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 + below(255));
    else if (kind === 1) bytes.splice(at, 1);
    else bytes.splice(at, 0, 1 + below(255));
    return Uint8Array.from(bytes);
  };
  const ask = async (index: number): Promise<string> => {
    host.writeRaw(spoiltFrame(index % 3));
    return (await host.ask({ kind: "ping" })).kind;
  };

  // Five at a time: the firmware has room for as many.
  for (let sent = 0; sent < spoilt; sent += 5) {
    const answers = await Promise.all([0, 1, 2, 3, 4].map((index) => ask(sent + index)));
    expect(answers).toEqual(Array.from(answers, () => "pong"));
  }

  const pong = await host.ask({ kind: "ping" });
  expect(pong).toMatchObject({ bytesLost: before.bytesLost, samplesLost: 0 });
  expect(pong.kind === "pong" && pong.framesBad).toBeGreaterThanOrEqual(spoilt);
  const done = host.answers.flatMap((answer) => (answer.kind === "done" ? [answer.number] : []));
  expect(new Set(done).size).toBe(1);
  expect((await bench.counts()).overruns).toBe(overruns);
}, 240_000);

test("a host that falls silent: outputs go to their safe levels after the time of the guard, by the chip's clock", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  bench.watch(onoffD12.pin, onoffD13.pin, "D6");
  await host.ask({ kind: "safe", channel: 12, level: 255 });
  await host.ask({ kind: "safe", channel: onoffD12.channel, level: holdLevel });
  await host.ask({ kind: "set", channel: onoffD12.channel, level: 1 });
  const wentSafe = host.next(({ kind }) => kind === "went-safe");
  await host.ask({ kind: "set", channel: onoffD13.channel, level: 1 });

  await wentSafe;
  await bench.now();

  const edges = bench.ofKind("pin");
  const [, rise, fall, ...more] = edges.filter(({ pin }) => pin === onoffD13.pin);
  const silence = (fall?.at ?? 0) - (rise?.at ?? 0);
  expect(silence).toBeGreaterThanOrEqual(999_000);
  expect(silence).toBeLessThanOrEqual(1_010_000);
  expect(more).toEqual([]);
  expect(edges.filter(({ pin }) => pin === onoffD12.pin).at(-1)?.level).toBe(1);
  expect(edges.filter(({ pin }) => pin === "D6").at(-1)?.level).toBe(1);
  expect(await host.ask({ kind: "set", channel: onoffD13.channel, level: 1 })).toMatchObject({
    reason: "not-welcomed",
  });
});

test("a host that sends nothing but rubbish is a silent one", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  bench.watch(onoffD13.pin);
  await host.ask({ kind: "set", channel: onoffD13.channel, level: 1 });
  const wentSafe = host.next(({ kind }) => kind === "went-safe");

  const rubbish = setInterval(() => host.writeRaw(Uint8Array.of(5, 6, 7, 0)), 50);
  await wentSafe;
  clearInterval(rubbish);
  await bench.now();

  expect(bench.ofKind("pin").at(-1)?.level).toBe(0);
});

test("firmware that stands still is reset within 300 ms, its outputs are low, and it says why it started", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  bench.watch(onoffD13.pin, "D3");
  await host.ask({ kind: "set", channel: pwmD3, level: 255 });
  await host.ask({ kind: "set", channel: onoffD13.channel, level: 1 });
  const banner = host.next(({ kind }) => kind === "welcome");
  const reset = bench.next("reset");

  host.send({ kind: "test-watchdog" }, 9);

  expect(await banner).toMatchObject({
    number: 0,
    version: 0,
    bootReason: bootBits.watchdog | bootBits.warm,
  });
  const { at } = await reset;
  const edges = bench.ofKind("pin").filter(({ pin }) => pin === onoffD13.pin);
  expect(edges.map(({ level }) => level)).toEqual([0, 1, 0]);
  expect(edges.at(-1)?.at).toBe(at);
  expect(at - (edges[1]?.at ?? 0)).toBeLessThanOrEqual(300_000);
});

test("a host that asks without a pause is answered, samples go on, and the chip does not take itself for hung", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  await host.ask({ kind: "subscribe", channel: 0, periodMillis: 20 });
  const { received } = await bench.counts();
  const resets = bench.ofKind("reset").length;

  const frame = encodeFrame(encodeRequest({ kind: "describe", channel: 17 }, 9));
  const flood = Array.from({ length: 5000 }, () => (frame.ok ? [...frame.value] : []));
  host.writeRaw(Uint8Array.from(flood.flat()));
  // 40,000 bytes at 25,000 a second.
  await bench.elapse(2_000_000);

  expect((await bench.counts()).received - received).toBe(flood.flat().length);
  expect(bench.ofKind("reset")).toHaveLength(resets);
  expect(host.answers.filter(({ kind }) => kind === "went-safe")).toEqual([]);
  expect(host.answers.filter(({ kind }) => kind === "description").length).toBeGreaterThan(1000);
  // Of samples some find no room; none is forgotten.
  expect(host.answers.findLast((answer) => answer.kind === "sample")?.number).toBeGreaterThan(80);
}, 60_000);

describe.each(chips)("on an %s", (chip) => {
  const [low, high] = chip === "atmega328p" ? [16, 17] : [18, 22];
  const [lowPin, highPin] = chip === "atmega328p" ? ["B4", "B5"] : ["B7", "C4"];

  test("an output that is off when it is high has its level from a reset on, without power and by its watchdog, and before it drives", async () => {
    const bench = await workbench.start({ chip, firmware: await workbench.build("bridge", chip) });
    await using host = await BridgeHost.open(bench.line);
    await host.ask(hello);
    bench.watch(lowPin, highPin);
    expect(await host.ask({ kind: "rest", channel: low, level: 1 })).toMatchObject({ kind: "done" });
    await host.ask({ kind: "rest", channel: low, level: 0 });
    expect(await host.ask({ kind: "rest", channel: high, level: 1 })).toMatchObject({ kind: "done" });
    expect(await host.ask({ kind: "rest", channel: high, level: 2 })).toMatchObject({
      reason: "out-of-range",
    });
    expect(await host.ask({ kind: "rest", channel: 0, level: 1 })).toMatchObject({ reason: "wrong-kind" });
    // It says how it is after a reset, and leaves it as it is now.
    await bench.now();
    expect(bench.ofKind("pin").map(({ level }) => level)).toEqual([0, 0]);

    for (const reset of [() => bench.cyclePower(), () => host.send({ kind: "test-watchdog" }, 9)]) {
      await host.ask(hello);
      await host.ask({ kind: "set", channel: high, level: 0 });
      const from = bench.ofKind("pin").length;
      const banner = host.next(({ kind }) => kind === "welcome");
      const begun = bench.next("reset");
      reset();
      const { at } = await begun;
      await banner;
      const edges = bench.ofKind("pin").slice(from);
      expect(edges).toEqual([{ kind: "pin", pin: highPin, level: 1, at: expect.any(Number) }]);
      expect((edges[0]?.at ?? 0) - at).toBeLessThan(100);
    }
    // Without a word of it, it is also where the output goes when the host is silent.
    await host.ask(hello);
    await host.ask({ kind: "set", channel: high, level: 0 });
    await host.next(({ kind }) => kind === "went-safe");
    await bench.now();
    expect(bench.ofKind("pin").findLast(({ pin }) => pin === highPin)?.level).toBe(1);
  });
});

test("a host can tell a reset by the pin from power on", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;

  const byPin = host.next(({ kind }) => kind === "welcome");
  bench.reset();
  expect(await byPin).toMatchObject({ bootReason: bootBits.resetPin | bootBits.warm });
  const byPower = host.next(({ kind }) => kind === "welcome");
  bench.cyclePower();

  expect(await byPower).toMatchObject({ bootReason: bootBits.power });
});

test("samples at 100 Hz have no gap in a minute of the chip's time", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  await host.ask({ kind: "guard", millis: 10_000 });
  bench.setVoltage(0, 2.5);
  const minute = 60;
  await host.ask({ kind: "subscribe", channel: 0, periodMillis: 10 });
  // Bytes of the first hello may have come while the chip was starting.
  const before = await host.ask({ kind: "ping" });
  if (before.kind !== "pong") throw new Error(`a ping was answered by ${before.kind}`);
  const { discarded } = await bench.counts();

  bench.step();
  for (let second = 0; second <= minute; second++) {
    host.send({ kind: "ping" }, 1 + second);
    await bench.elapse(1_000_000);
  }

  // What is still on its way to the host.
  await vi.waitFor(
    () => expect(host.answers.filter(({ kind }) => kind === "pong").length).toBeGreaterThan(minute + 1),
    30_000,
  );
  const samples = host.answers.filter((answer) => answer.kind === "sample");
  expect(samples.length).toBeGreaterThan(6000);
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    expect(sample.number).toBe(index % 65_536);
    expect(sample.value).toBe(511);
    // The clock is 24 µs of every millisecond ahead, and catches up.
    if (before !== undefined)
      expect(Math.abs(sample.uptimeMillis - before.uptimeMillis - 10)).toBeLessThanOrEqual(1);
  }
  expect(host.answers.findLast(({ kind }) => kind === "pong")).toMatchObject({
    samplesLost: 0,
    bytesLost: before.bytesLost,
    framesBad: before.framesBad,
  });
  expect((await bench.counts()).discarded).toBe(discarded);
});

test("a switch is told at once, then when it has held for its period, and bouncing is not told", async () => {
  await using bridge = await welcomed();
  const { bench, host } = bridge;
  await host.ask({ kind: "guard", millis: 10_000 });
  bench.drive("D7", 1);
  await host.ask({ kind: "subscribe", channel: switchD7, periodMillis: 20 });
  await host.next(({ kind }) => kind === "sample");
  // However slow this machine is, the contact bounces for 25 ms.
  bench.step();

  const closed = host.next((answer) => answer.kind === "sample" && answer.value === 0);
  for (const level of [0, 1, 0, 1, 0] as const) {
    bench.drive("D7", level);
    await bench.elapse(5000);
  }
  await bench.elapse(40_000);
  await closed;

  const values = host.answers.flatMap((answer) => (answer.kind === "sample" ? [answer.value] : []));
  // A level that holds is told again every second.
  expect(values.filter((value, index) => value !== values[index - 1])).toEqual([1, 0]);
});
