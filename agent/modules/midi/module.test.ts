import { seconds } from "@interactor/shared/sdk/define-module";
import { type DeviceReports, deviceMissing } from "@interactor/shared/sdk/devices";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { messagesPerSecondMax } from "./limits.ts";
import { decodeMessage, encodeMessage, type MidiEvent, noteOf } from "./message.ts";
import { choosePort, type OpenPort } from "./midi-port.ts";
import { definition, midiModule } from "./module.ts";
import { settings } from "./settings.ts";

/** A keyboard in memory: what the system would do with it. */
class Keyboard {
  isPluggedIn = true;
  sent: number[][] = [];
  play: (message: readonly number[]) => void = () => {};
  reports: DeviceReports | undefined;

  readonly open: OpenPort = async (name, received, { reports }) => {
    if (!this.isPluggedIn) throw deviceMissing(`no MIDI port is called "${name}"`);
    this.play = received;
    this.reports = reports;
    return { isOutput: true, send: (message) => void this.sent.push(message), close: async () => {} };
  };
}

const knobs = {
  port: "nano",
  outputs: {
    key: { note: "C4" },
    strength: { note: "C4", type: "float", channel: 2 },
    fader: { controller: 7 },
    raw: { controller: 8, type: "int" },
    pedal: { controller: 64, type: "bool" },
    scene: { program: true },
    wheel: { bend: true },
  },
  inputs: {
    light: { note: 60 },
    ring: { controller: 1, channel: 16 },
    patch: { program: true },
    pitch: { bend: true },
  },
};

async function start(keyboard: Keyboard, clock = new VirtualClock()): Promise<Bench> {
  const bench = await startOnBench(midiModule(keyboard.open), knobs, { clock });
  onTestFinished(() => bench.stop());
  await vi.waitFor(() => expect(bench.states.length).toBeGreaterThan(0));
  return bench;
}

const givenBy = (bench: Bench) =>
  bench.emitted.filter(({ output }) => output !== "rejected").map(({ output, value }) => [output, value]);

test("messages become values, each by what it was declared as", async () => {
  const keyboard = new Keyboard();
  const bench = await start(keyboard);

  for (const message of [
    [0x90, 60, 100],
    [0x91, 60, 127],
    [0x90, 60, 0],
    [0x80, 60, 64],
    [0xb3, 7, 127],
    [0xb0, 8, 5],
    [0xb0, 64, 63],
    [0xb0, 64, 64],
    [0xc0, 12],
    [0xe0, 0, 64],
    [0xe0, 127, 127],
    [0xe0, 0, 0],
  ])
    keyboard.play(message);

  expect(givenBy(bench)).toEqual([
    ["key", true],
    ["key", true],
    ["strength", 1],
    ["key", false],
    ["key", false],
    ["fader", 1],
    ["raw", 5],
    ["pedal", false],
    ["pedal", true],
    ["scene", 12],
    ["wheel", 0],
    ["wheel", 1],
    ["wheel", -1],
  ]);
});

test("values become messages; beyond the ends it is the end", async () => {
  const keyboard = new Keyboard();
  const bench = await start(keyboard);

  bench.apply("light", true);
  bench.apply("light", false);
  bench.apply("ring", 0.5);
  bench.apply("ring", 7);
  bench.apply("patch", 3);
  bench.apply("pitch", -1);
  bench.apply("pitch", 1);
  bench.apply("light", undefined);

  expect(keyboard.sent).toEqual([
    [0x90, 60, 127],
    [0x80, 60, 0],
    [0xbf, 1, 64],
    [0xbf, 1, 127],
    [0xc0, 3],
    [0xe0, 1, 0],
    [0xe0, 127, 127],
  ]);
});

test("what nobody takes is counted and named; clocks and halves of messages are nothing", async () => {
  const keyboard = new Keyboard();
  const bench = await start(keyboard);

  for (const message of [[0xf8], [0x90, 60], [], [0x90, 60, 200], [0xf0, 1, 2, 0xf7], [0x90, 61, 1]])
    keyboard.play(message);

  expect(givenBy(bench)).toEqual([]);
  expect(bench.emitted.at(-1)).toMatchObject({ output: "rejected", value: 1 });
  expect(bench.logged).toEqual(['warn MIDI: unmapped 1×; such as "note 1 61 1"']);
});

test("a flood is cut off after so many in a second", async () => {
  const keyboard = new Keyboard();
  const clock = new VirtualClock();
  const bench = await start(keyboard, clock);

  for (let count = 0; count < messagesPerSecondMax + 3; count += 1) keyboard.play([0xb0, 7, count % 128]);
  expect(givenBy(bench)).toHaveLength(messagesPerSecondMax);
  clock.advance(seconds(1));
  keyboard.play([0xb0, 7, 0]);

  expect(givenBy(bench)).toHaveLength(messagesPerSecondMax + 1);
});

test("a keyboard that is pulled is waited for, and used when it is back", async () => {
  const keyboard = new Keyboard();
  const clock = new VirtualClock();
  const bench = await start(keyboard, clock);
  keyboard.isPluggedIn = false;
  keyboard.reports?.failed("nano is gone");
  bench.apply("light", true);

  await vi.waitFor(() => {
    clock.advance(seconds(1));
    expect(bench.states.at(-1)).toBe('waiting: no MIDI port is called "nano"');
  });
  keyboard.isPluggedIn = true;
  await vi.waitFor(() => {
    clock.advance(seconds(5));
    expect(bench.states.at(-1)).toBe("running");
  });

  expect(bench.logged).toEqual(['warn MIDI: not-open 1×; such as "light"']);
  expect(keyboard.sent).toEqual([]);
});

test("a computer without MIDI, or without that port, says so", async () => {
  const bench = await startOnBench(
    definition,
    { ...knobs, port: "no such keyboard" },
    { clock: new VirtualClock() },
  );
  onTestFinished(() => bench.stop());

  await vi.waitFor(() => expect(bench.states).toEqual([expect.stringMatching(/no MIDI/u)]), {
    timeout: 10_000,
  });
});

test("a port is found by its whole name, or by a part that only one has", () => {
  const names = ["nanoKONTROL2:0", "nanoKONTROL2:1", "Launchpad"];

  expect(choosePort(names, "nanoKONTROL2:1")).toBe(1);
  expect(choosePort(names, "launch")).toBe(2);
  expect(choosePort(names, "nano")).toBeUndefined();
  expect(choosePort(names, "APC")).toBeUndefined();
});

const channel = fc.integer({ min: 1, max: 16 });
const data = fc.integer({ min: 0, max: 127 });
const event: fc.Arbitrary<MidiEvent> = fc.oneof(
  fc.record({ kind: fc.constant("note" as const), channel, note: data, velocity: data }),
  fc.record({ kind: fc.constant("controller" as const), channel, controller: data, value: data }),
  fc.record({ kind: fc.constant("program" as const), channel, program: data }),
  fc.record({ kind: fc.constant("bend" as const), channel, value: fc.integer({ min: -8192, max: 8191 }) }),
);

test("what is written is read back, and no bytes are too strange to be read", () => {
  fc.assert(
    fc.property(event, (given) => {
      expect(decodeMessage(encodeMessage(given))).toEqual(given);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }), (bytes) => {
      expect(() => decodeMessage(bytes)).not.toThrow();
    }),
  );
});

test.each([
  ["C4", 60],
  ["a0", 21],
  ["F#2", 42],
  ["Bb-1", 10],
  ["C-1", 0],
  ["G9", 127],
  ["G#9", undefined],
  ["Cb-1", undefined],
  ["H4", undefined],
])("the note %s is %s", (text, note) => {
  expect(noteOf(text)).toBe(note);
});

test.each([
  [{ port: "x" }, "outputs or inputs are needed"],
  [{ port: "x", outputs: { a: { note: "H4" } } }, "a note such as C4"],
  [{ port: "x", outputs: { a: { controller: 128 } } }, "0 to 127"],
  [{ port: "x", outputs: { a: { note: 1, channel: 17 } } }, "1 to 16"],
  [{ port: "x", outputs: { a: { note: 1, controller: 2 } } }, "a port is { note"],
])("settings %j are refused and %s is named", (written, words) => {
  const parsed = settings.safeParse(written);

  expect(parsed.success ? "accepted" : JSON.stringify(parsed.error.issues)).toContain(words);
});

test("a self-test passes with the port, and without it: it may be plugged in later", async () => {
  const keyboard = new Keyboard();
  expect(await (await start(keyboard)).selfTest()).toBeUndefined();

  const absent = new Keyboard();
  absent.isPluggedIn = false;
  const bench = await start(absent);
  expect(bench.states.at(-1)).toContain("waiting");
  expect(await bench.selfTest()).toBeUndefined();
});
