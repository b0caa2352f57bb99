import { seconds } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Edge } from "./kernel-abi.ts";
import type { LineEvents, OpenLines, Wiring } from "./lines.ts";
import { definition, gpioModule } from "./module.ts";
import { settings } from "./settings.ts";

/** A header in memory: what the kernel would do with it. */
class Header {
  wiring: Wiring | undefined;
  events: LineEvents | undefined;
  levels: boolean[] = [];
  set: readonly boolean[] = [];
  isBusy = false;
  closed = 0;
  #sequence = 0;

  readonly open: OpenLines = async (wiring, events) => {
    if (this.isBusy) throw new Error("another program has one of the pins");
    this.wiring = wiring;
    this.events = events;
    this.set = wiring.outputs.map(({ first }) => first);
    return {
      levels: () => this.levels,
      set: (levels) => void (this.set = levels),
      close: async () => void (this.closed += 1),
    };
  };

  edge(offset: number, isRising: boolean, lost = 0): void {
    this.#sequence += 1 + lost;
    const edge: Edge = { offset, isRising, nanos: process.hrtime.bigint(), sequence: this.#sequence };
    this.events?.edges([edge]);
  }
}

const buttonAndRelay = {
  outputs: { button: { pin: 17 }, door: { pin: 22, pull: "down", activeLow: false, debounce: 0 } },
  inputs: { relay: { pin: 27 }, lock: { pin: 5, stop: true, activeLow: true } },
};

async function start(
  header: Header,
  given: unknown = buttonAndRelay,
  clock = new VirtualClock(),
  pulses?: string,
): Promise<Bench> {
  const bench = await startOnBench(gpioModule(header.open, pulses), given, { clock, name: "header" });
  onTestFinished(() => bench.stop());
  await vi.waitFor(() => expect(bench.states.length).toBeGreaterThan(0));
  return bench;
}

const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);

/** A machine that others use may take its time. */
const soon = { timeout: 10_000, interval: 10 };

test("levels are given at the start, and with every edge", async () => {
  const header = new Header();
  header.levels = [false, true];
  const bench = await start(header);

  header.edge(17, true);
  header.edge(17, false);
  header.edge(99, true);

  expect(bench.states).toEqual(["running"]);
  expect(valuesOf(bench, "button")).toEqual([false, true, false]);
  expect(valuesOf(bench, "door")).toEqual([true]);
});

test("pins are asked for as they are described, and held by the instance's name", async () => {
  const header = new Header();
  await start(header);

  expect(header.wiring).toEqual({
    chip: "auto",
    consumer: "bench/header",
    inputs: [
      { offset: 17, pull: "up", isActiveLow: true, debounceMicros: 10_000 },
      { offset: 22, pull: "down", isActiveLow: false, debounceMicros: 0 },
    ],
    outputs: [
      { offset: 27, isActiveLow: false, isOpenDrain: false, first: false },
      { offset: 5, isActiveLow: true, isOpenDrain: false, first: true },
    ],
  });
});

test("an input that nobody owns goes where a show stop sends it", async () => {
  const header = new Header();
  const bench = await start(header);

  bench.apply("relay", true);
  bench.apply("lock", false);
  expect(header.set).toEqual([true, false]);
  bench.apply("relay", undefined);
  bench.apply("lock", undefined);

  expect(header.set).toEqual([false, true]);
});

test("a pin that another program has is waited for, and then set to what was applied meanwhile", async () => {
  const header = new Header();
  header.isBusy = true;
  const clock = new VirtualClock();
  const bench = await start(header, buttonAndRelay, clock);
  expect(bench.states).toEqual(["waiting: another program has one of the pins"]);
  bench.apply("relay", true);

  header.isBusy = false;
  await vi.waitFor(() => {
    clock.advance(seconds(5));
    expect(bench.states.at(-1)).toBe("running");
  });

  expect(header.set).toEqual([true, true]);
});

test("pins that were lost and are had again say their levels anew, also those that are as they were", async () => {
  const header = new Header();
  header.levels = [false, true];
  const clock = new VirtualClock();
  const bench = await start(header, buttonAndRelay, clock);

  header.events?.failed("the chip is gone");
  await vi.waitFor(() => {
    clock.advance(seconds(5));
    expect(bench.states.at(-1)).toBe("running");
  });

  expect(bench.states[1]).toBe("waiting: the chip is gone");
  expect(valuesOf(bench, "button")).toEqual([false, false]);
  expect(valuesOf(bench, "door")).toEqual([true, true]);
});

test("after dropped edges the levels are asked for anew, and the loss is told", async () => {
  const header = new Header();
  header.levels = [false, false];
  const bench = await start(header);
  header.edge(17, true);

  header.levels = [false, true];
  header.edge(17, true, 4);

  expect(valuesOf(bench, "button")).toEqual([false, true, true, false]);
  expect(valuesOf(bench, "door")).toEqual([false, true]);
  expect(valuesOf(bench, "edges-lost")).toEqual([0, 4]);
});

test("stopped, it leaves everything as a show stop would", async () => {
  const header = new Header();
  const bench = await start(header);
  bench.apply("relay", true);
  bench.apply("lock", false);

  await bench.stop();

  expect(header.set).toEqual([false, true]);
  expect(header.closed).toBe(1);
});

test("a lamp is dimmed by the chip's pulses", async () => {
  const root = await mkdtemp(join(tmpdir(), "interactor-pwm-"));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, "pwmchip0", "pwm1"), { recursive: true });
  const written = (file: string) => readFile(join(root, "pwmchip0", "pwm1", file), "utf8");
  await writeFile(join(root, "pwmchip0", "pwm1", "period"), "0\n");
  const lamp = { inputs: { lamp: { type: "float", pwm: "0/1", frequency: 500 } } };
  const bench = await start(new Header(), lamp, new VirtualClock(), root);
  // A file that is being written is empty for a moment.
  const all = () => Promise.all(["period", "duty_cycle", "enable"].map(written));
  await vi.waitFor(async () => expect(await all()).toEqual(["2000000", "0", "1"]), soon);

  for (let level = 0; level <= 100; level += 1) bench.apply("lamp", level / 200);
  await vi.waitFor(async () => expect(await written("duty_cycle")).toBe("1000000"), soon);
  await bench.stop();

  expect(await written("duty_cycle")).toBe("0");
});

test("a pulse generator that is not there is waited for, with what to do", async () => {
  const bench = await start(
    new Header(),
    { inputs: { lamp: { type: "float", pwm: "0/1" } } },
    new VirtualClock(),
    "/nowhere",
  );

  expect(bench.states).toEqual([expect.stringContaining("dtoverlay=pwm-2chan")]);
});

test("a computer without pins says so", async () => {
  const bench = await startOnBench(
    definition,
    { chip: "no such chip", outputs: { a: { pin: 1 } } },
    { clock: new VirtualClock() },
  );
  onTestFinished(() => bench.stop());

  await vi.waitFor(() =>
    expect(bench.states).toEqual([expect.stringMatching(/no pins|no chip "no such chip"|opened/u)]),
  );
});

test.each([
  [{}, "outputs or inputs are needed"],
  [{ outputs: { a: { pin: 17 } }, inputs: { b: { pin: 17 } } }, "17 is already a"],
  [{ outputs: { a: { pin: 1000 } } }, "a whole number from 0 to 511"],
  [{ outputs: { a: { pin: 4, debounce: 5000 } } }, "debounce"],
  [{ inputs: { a: { type: "float", pin: 4 } } }, "an input is { pin"],
  [{ inputs: { a: { type: "float", pwm: "1" } } }, "a chip and a channel of it"],
  [{ outputs: { a: { pin: 4, pullup: true } } }, "pullup"],
])("settings %j are refused and %s is named", (given, words) => {
  const parsed = settings.safeParse(given);

  expect(parsed.success ? "accepted" : JSON.stringify(parsed.error.issues)).toContain(words);
});

test("a self-test fails while another program has a pin", async () => {
  const header = new Header();
  header.isBusy = true;
  const clock = new VirtualClock();
  const bench = await start(header, buttonAndRelay, clock);
  const asked = bench.selfTest();
  clock.advance(seconds(8));
  expect(await asked).toBe("another program has one of the pins");

  header.isBusy = false;
  await vi.waitFor(() => {
    clock.advance(seconds(1));
    expect(bench.states.at(-1)).toBe("running");
  });
  expect(await bench.selfTest()).toBeUndefined();
});
