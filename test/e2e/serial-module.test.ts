// The serial module on real ttys: socat joins two of them, so that what a device writes into one end reaches the
// other, and its death is the hang-up of an unplugged adapter.

import { definition } from "@interactor/agent/modules/serial/module.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { requires } from "./requires.ts";

const test = requires("socat");

const soon = { timeout: 15_000, interval: 20 };

let folder: string;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "interactor-serial-"));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await rm(folder, { recursive: true, force: true });
});

test("readings of a device arrive, and a line is sent to it", async () => {
  const pair = await joinedLines("a");
  const bench = await serial(pair.path, {
    format: "pattern",
    pattern: String.raw`d=(?<distance>[-+.\d]+)( m)?`,
    outputs: { distance: { type: "float", unit: "m" } },
  });
  await running(bench);
  const device = await pair.device();

  await device.write("2.5\nd=12.5\r\nd=1");
  await device.write("3.5 m\n");

  await vi.waitFor(() => expect(valuesOf(bench, "distance")).toEqual([12.5, 13.5]), soon);
  await vi.waitFor(() => expect(valuesOf(bench, "lines").at(-1)).toBe(2), soon);
  bench.apply("line", "led on");
  bench.apply("line", "led off\nerase everything");
  expect(await readLine(device)).toBe("led on\n");
  expect(bench.logged.join()).toContain("more-than-one-line 1×");
  expect(bench.logged.join()).not.toContain("not understood");
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  "a hang-up (%s) is seen and the line is opened again",
  async (signal) => {
    const pair = await joinedLines("a");
    const bench = await serial(pair.path, { format: "csv", outputs: { t: { type: "int", column: 1 } } });
    await running(bench);
    await (await pair.device()).write("\n1\n");
    await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([1]), soon);

    await pair.kill(signal);
    await vi.waitFor(() => expect(bench.states.at(-1)).toMatch(/^waiting: .*a-agent/u), soon);
    const again = await joinedLines("a");
    await vi.waitFor(() => expect(bench.states.at(-1)).toBe("running"), soon);
    await (await again.device()).write("\n2\n");

    await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([1, 2]), soon);
  },
);

test("a path that leads to another device is opened anew, though the old one says nothing", async () => {
  const pair = await joinedLines("a");
  const bench = await serial(pair.path, { format: "csv", outputs: { t: { type: "int", column: 1 } } });
  await running(bench);

  const other = await joinedLines("a");
  await vi.waitFor(() => expect(bench.states).toContain(`waiting: ${pair.path} is another device now`), soon);
  await running(bench);
  await (await other.device()).write("\n2\n");

  await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([2]), soon);
});

test("a line that is not there yet is waited for and opened when it comes", async () => {
  const bench = await serial(join(folder, "a-agent"), { format: "json", outputs: { t: { type: "int" } } });
  await vi.waitFor(
    () => expect(bench.states.at(-1)).toMatch(/a-agent is not there: plug the device in/u),
    soon,
  );

  const pair = await joinedLines("a");
  await running(bench);
  await (await pair.device()).write('\n{"t": 7}\n');

  await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([7]), soon);
});

test("a self-test fails when no line can be read, and not while nothing is plugged in or it says nothing", async () => {
  const format = { format: "csv", discardFirst: false, outputs: { t: { type: "int", column: 1 } } };
  const absent = await serial(join(folder, "a-agent"), format);
  expect(await absent.selfTest()).toBeUndefined();
  await absent.stop();
  const pair = await joinedLines("a");
  const bench = await serial(pair.path, format);
  await running(bench);
  expect(await bench.selfTest()).toBeUndefined();

  const device = await pair.device();
  await device.write("?\n".repeat(5));
  await vi.waitFor(() => expect(valuesOf(bench, "rejected").at(-1)).toBe(5), soon);
  expect(await bench.selfTest()).toBe("5 lines came and none could be read: are baudRate and format right?");

  const asked = bench.selfTest();
  await device.write("7\n");
  expect(await asked).toBeUndefined();
});

test("two lines are read side by side", async () => {
  const pairs = [await joinedLines("a"), await joinedLines("b")];
  const outputs = { n: { type: "int", deliver: "every" } };
  const benches = await Promise.all(pairs.map(({ path }) => serial(path, { format: "json", outputs })));
  await Promise.all(benches.map(running));

  for (const [index, pair] of pairs.entries()) {
    const device = await pair.device();
    await device.write("\n");
    for (let count = 0; count < 200; count++) await device.write(`{"n": ${count * 2 + index}}\n`);
  }

  for (const [index, bench] of benches.entries()) {
    const expected = Array.from({ length: 200 }, (_, count) => count * 2 + index);
    await vi.waitFor(() => expect(valuesOf(bench, "n")).toEqual(expected), soon);
  }
});

test("a line that somebody else has open is waited for", async () => {
  const pair = await joinedLines("a");
  const outputs = { t: { type: "int" } };
  const first = await serial(pair.path, { format: "json", outputs });
  await running(first);

  const second = await serial(pair.path, { format: "json", outputs });
  await vi.waitFor(() => expect(second.states.at(-1)).toMatch(/another program may have it/u), soon);
  await first.stop();

  await running(second);
});

test("noise is counted by reason and logged once, and the line goes on", async () => {
  const pair = await joinedLines("a");
  const bench = await serial(pair.path, {
    format: "json",
    lineBytesMax: 64,
    outputs: { t: { type: "int", min: 0, max: 100 } },
  });
  await running(bench);
  const device = await pair.device();

  await device.write(Buffer.from([0x0a, 0xff, 0xfe, 0x80, 0x0a]));
  await device.write(`${"x".repeat(3000)}\n{"t": 1\n{"t": 1.5}\n{"t": 101}\n\n\r\n{"t": 3}\n`);

  await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([3]), soon);
  await vi.waitFor(() => expect(valuesOf(bench, "rejected").at(-1)).toBe(5), soon);
  expect(bench.logged).toEqual([expect.stringContaining("warn not understood: not-utf8 1×")]);
});

test("the header that a device sends when its line is opened counts, though its first values would not", async () => {
  const pair = await joinedLines("a");
  const bench = await serial(pair.path, {
    format: "csv",
    header: true,
    outputs: { t: { type: "float", column: "temperature" } },
  });
  await running(bench);

  await (await pair.device()).write("time,temperature\r\n1,20.5\r\n2,20.6\r\n");

  await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([20.5, 20.6]), soon);
});

test("the first line counts when it is said to be whole", async () => {
  const pair = await joinedLines("a");
  const outputs = { t: { type: "int" } };
  const bench = await serial(pair.path, { format: "json", discardFirst: false, outputs });
  await running(bench);

  await (await pair.device()).write('{"t": 1}\n');

  await vi.waitFor(() => expect(valuesOf(bench, "t")).toEqual([1]), soon);
});

test("a flood is read as far as the worker can bear, and the rest is counted", async () => {
  const pair = await joinedLines("a");
  const bench = await serial(pair.path, { format: "json", outputs: { t: { type: "int" } } });
  await running(bench);
  const device = await pair.device();
  const lines = 20_000;

  await device.write(`\n${'{"t": 1}\n'.repeat(lines)}`);

  await vi.waitFor(() => expect(valuesOf(bench, "lines").at(-1)).toBe(lines), soon);
  await vi.waitFor(() => expect(rejectedBy(bench) + valuesOf(bench, "t").length).toBe(lines), soon);
  expect(rejectedBy(bench)).toBeGreaterThan(0);
  expect(bench.logged).toEqual([expect.stringContaining("too-many 1×")]);
});

test("a file that is no serial line is named as what it is", async () => {
  const path = join(folder, "notes.txt");
  await writeFile(path, "hello");

  const bench = await serial(path, { format: "json", outputs: {} });

  await vi.waitFor(() => expect(bench.states).toEqual([`waiting: ${path} is no serial line`]), soon);
});

test("an instance stops within a second and lets go of the line, with a device that takes nothing", async () => {
  const pair = await joinedLines("a");
  const outputs = { t: { type: "int" } };
  const bench = await serial(pair.path, { format: "json", outputs });
  await running(bench);
  pair.process.kill("SIGSTOP");
  for (let count = 0; count < 200; count++) bench.apply("line", `${count} ${"x".repeat(900)}`);
  expect(bench.logged.join()).toContain("backlog");

  const startedAt = performance.now();
  await bench.stop();

  expect(performance.now() - startedAt).toBeLessThan(1000);
  pair.process.kill("SIGCONT");
  await running(await serial(pair.path, { format: "json", outputs }));
});

interface JoinedLines {
  /** The end the module opens. */
  readonly path: string;
  readonly process: ChildProcess;
  /** The end the device writes into. */
  device(): Promise<FileHandle>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

async function joinedLines(name: string): Promise<JoinedLines> {
  const path = join(folder, `${name}-agent`);
  const devicePath = join(folder, `${name}-device`);
  await rm(path, { force: true });
  await rm(devicePath, { force: true });
  const ends = [devicePath, path].map((link) => `pty,raw,echo=0,link=${link}`);
  const process = spawn("socat", ends, { stdio: "ignore" });
  const ended = once(process, "exit");
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (process.exitCode === null && process.signalCode === null) process.kill(signal);
    await ended;
  };
  closing.push(() => kill("SIGKILL"));
  const device = async (): Promise<FileHandle> => {
    const handle = await open(devicePath, "r+");
    closing.push(() => handle.close());
    return handle;
  };
  // The link that is made last is there.
  await vi.waitFor(() => open(path, "r+").then((handle) => handle.close()), soon);
  return { path, process, device, kill };
}

async function serial(path: string, written: object): Promise<Bench> {
  const bench = await startOnBench(definition, { path, ...written }, { clock: systemClock(newSteering()) });
  closing.push(() => bench.stop());
  return bench;
}

const running = (bench: Bench): Promise<void> =>
  vi.waitFor(() => expect(bench.states.at(-1)).toBe("running"), soon);

const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);

const rejectedBy = (bench: Bench): number => Number(valuesOf(bench, "rejected").at(-1) ?? 0);

async function readLine(device: FileHandle): Promise<string> {
  const { bytesRead, buffer } = await device.read(Buffer.alloc(100), 0, 100, null);
  return buffer.subarray(0, bytesRead).toString();
}
