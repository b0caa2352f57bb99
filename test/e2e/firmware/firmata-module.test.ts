// The firmata module against our firmware on the bench: its ports, its board's process, and what becomes of both when
// the plug is pulled.

import { mkdir, readdir, readFile, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { spans } from "@interactor/agent/modules/firmata/limits.ts";
import { manifest } from "@interactor/agent/modules/firmata/manifest.ts";
import { firmataModule } from "@interactor/agent/modules/firmata/module.ts";
import { settings } from "@interactor/agent/modules/firmata/settings.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { buildOptiboot } from "@interactor/firmware-bridges/bench/build.ts";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import { declaredPorts } from "@interactor/shared/bundle/manifest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { millis } from "@interactor/shared/kernel/units";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { requires } from "../requires.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

/** Wall clock, and generous: the machine may be busy. */
const soon = { timeout: 12_000, interval: 20 };
/** A board that comes and goes is tried again without the waits that spare a node. */
const hasty = { ...spans, absentLongest: millis(100), lostLongest: millis(100) };

let workbench: Workbench;
let firmware: string;
const stopping: Bench[] = [];
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("firmata-lite", "atmega328p");
});
afterEach(async () => {
  for (const each of stopping.splice(0)) await each.stop();
  await workbench.clear();
});
afterAll(() => workbench[Symbol.asyncDispose]());

const plugIn = (line?: string) => workbench.start({ firmware, ...(line === undefined ? {} : { line }) });

async function start(path: string | undefined, ports: object, given = {}): Promise<Bench> {
  const clock = systemClock(newSteering());
  const instance = await startOnBench(firmataModule(given), { path, ...ports }, { clock });
  stopping.push(instance);
  return instance;
}

const isRunning = (instance: Bench) => vi.waitFor(() => expect(instance.states.at(-1)).toBe("running"), soon);
const lastOf = (instance: Bench, output: string) =>
  instance.emitted.findLast((each) => each.output === output)?.value;
const gives = (instance: Bench, output: string, value: unknown) =>
  vi.waitFor(() => expect(lastOf(instance, output)).toEqual(value), soon);
const lastLevel = (bench: FirmwareBench, pin: string) =>
  bench.ofKind("pin").findLast((event) => event.pin === pin)?.level;

/** Processes of boards that this one has started and that are still there. */
async function boards(): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/u.test(pid)) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const isOurs = status.includes(`PPid:\t${process.pid}\n`) && !status.includes("State:\tZ");
    if (isOurs && words.includes("firmata/board.ts")) pids.push(Number(pid));
  }
  return pids;
}

test("what hangs on a board gives values, each in its type and unit", async () => {
  const bench = await plugIn();
  const word = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
  // 1 g upwards, 25 °C, at rest: registers 0x3B to 0x48 of the data sheet.
  bench.setRegisters(0x68, 0x3b, [0, 0, 16_384, -3920, 0, 0, 0].flatMap(word));
  for (const pin of ["D2", "D4"]) bench.drive(pin, 1);
  bench.drive("D7", 0);
  bench.setVoltage(0, 2.5);
  bench.setVoltage(1, 0.75);
  bench.setVoltage(2, 2.3);
  const instance = await start(bench.line, {
    outputs: {
      dial: { device: "sensor", pin: "A0" },
      air: { device: "thermometer", pin: "A1" },
      distance: { device: "proximity", pin: "A2", controller: "GP2Y0A21YK" },
      button: { device: "button", pin: 2 },
      door: { device: "switch", pin: 4 },
      visitor: { device: "motion", pin: 7 },
      up: { device: "imu", reading: "acceleration-z" },
      chip: { device: "imu", reading: "temperature" },
    },
  });
  await isRunning(instance);

  await gives(instance, "dial", 511 / 1023);
  await gives(instance, "air", expect.closeTo(25, 0));
  await gives(instance, "distance", expect.closeTo(10, 0));
  await gives(instance, "up", expect.closeTo(1, 1));
  await gives(instance, "chip", expect.closeTo(25, 0));
  bench.drive("D2", 0);
  await gives(instance, "button", true);
  // johnny-five debounces by the wall clock, which the bench is never ahead of.
  await bench.elapse(100_000);
  bench.drive("D2", 1);
  await gives(instance, "button", false);
  bench.drive("D4", 0);
  await gives(instance, "door", true);
  // A motion sensor calibrates itself first, and says nothing meanwhile.
  await vi.waitFor(async () => {
    bench.drive("D7", 0);
    await bench.elapse(100_000);
    bench.drive("D7", 1);
    await bench.elapse(100_000);
    expect(lastOf(instance, "visitor")).toBe(true);
  }, soon);
});

/** As a node reads them, which takes no first word of a level for an edge. */
function manifestPorts(outputs: object) {
  const ports = declaredPorts(manifest, settings.parse({ path: "/dev/line", outputs }));
  if (!ports.ok) throw new Error(ports.error);
  return ports.value;
}

test("a contact says how it is before it says an edge, also after its board was away", async () => {
  const outputs = {
    up: { device: "button", pin: 2 },
    held: { device: "button", pin: 3 },
    closed: { device: "switch", pin: 4 },
    still: { device: "motion", pin: 7 },
  };
  const wire = (bench: FirmwareBench): void => {
    bench.drive("D2", 1);
    for (const pin of ["D3", "D4", "D7"]) bench.drive(pin, 0);
  };
  const bench = await plugIn();
  wire(bench);
  const instance = await start(bench.line, { outputs });
  const saidBy = (output: string) =>
    instance.emitted.flatMap((each) => (each.output === output ? [each.value] : []));
  await vi.waitFor(
    () => expect(Object.keys(outputs).map(saidBy)).toEqual([[false], [true], [true], [false]]),
    soon,
  );

  bench.drive("D2", 0);
  await vi.waitFor(() => expect(saidBy("up")).toEqual([false, true]), soon);
  await bench.unplug();
  await vi.waitFor(() => expect(instance.states.at(-1)).toMatch(/^waiting: /u), soon);
  wire(await plugIn(bench.line));

  await vi.waitFor(
    () =>
      expect(Object.keys(outputs).map(saidBy)).toEqual([
        [false, true, false],
        [true, true],
        [true, true],
        [false, false],
      ]),
    soon,
  );
  const { outputs: declared } = manifestPorts(outputs);
  expect(Object.keys(outputs).map((name) => [declared[name]?.level, declared[name]?.deliver])).toEqual(
    Object.keys(outputs).map(() => [true, "every"]),
  );
});

test("values move and light what hangs on it", async () => {
  const bench = await plugIn();
  bench.watch("B5", "B0", "B1", "D6", "D5");
  const instance = await start(bench.line, {
    inputs: {
      led: { device: "led", pin: 13 },
      pump: { device: "relay", pin: 8 },
      lid: { device: "servo", pin: 9, pulses: [1000, 2000] },
      glow: { device: "dimmed-led", pin: 3 },
      turntable: { device: "stepper", step: 6, direction: 5, acceleration: 600 },
    },
  });
  await isRunning(instance);

  instance.apply("led", true);
  instance.apply("pump", true);
  instance.apply("lid", 90);
  instance.apply("glow", 0.3);
  instance.apply("turntable", 90);

  await vi.waitFor(() => expect([lastLevel(bench, "B5"), lastLevel(bench, "B0")]).toEqual([1, 1]), soon);
  await vi.waitFor(
    () => expect(bench.ofKind("pwm").at(-1)).toMatchObject({ channel: "2B", level: 77 }),
    soon,
  );
  const isRight = (pulse: number): boolean => Math.abs(pulse - 1500) <= 12;
  await vi.waitFor(() => expect(bench.pulses("B1").slice(-3).filter(isRight)).toHaveLength(3), soon);
  // A quarter of 200 steps.
  await vi.waitFor(() => expect(bench.pulses("D6")).toHaveLength(50), soon);
  expect(lastLevel(bench, "D5")).toBe(1);
  // From rest the second step comes after 0.41 of the time of the first, and the middle one is among the fastest.
  const steps = bench
    .ofKind("pin")
    .flatMap(({ pin, level, at }) => (pin === "D6" && level === 1 ? [at] : []));
  const gap = (index: number): number => (steps[index + 1] ?? 0) - (steps[index] ?? 0);
  expect(gap(0)).toBeGreaterThan(3 * gap(24));
  expect(gap(48)).toBeGreaterThan(3 * gap(24));
  await instance.stop();
  await vi.waitFor(() => expect([lastLevel(bench, "B5"), lastLevel(bench, "B0")]).toEqual([0, 0]), soon);
});

test("a chip whose plug is pulled is told, its values are stale; plugged in again it is woken, and no zero is given", async () => {
  const bench = await plugIn();
  bench.watch("B5");
  const word = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
  const measure = (upwards: number): void =>
    bench.setRegisters(0x68, 0x3b, [0, 0, upwards, -3920, 0, 0, 0].flatMap(word));
  const instance = await start(bench.line, {
    outputs: { up: { device: "imu", reading: "acceleration-z" } },
    inputs: { led: { device: "led", pin: 13 } },
  });
  await isRunning(instance);
  instance.apply("led", true);
  const isDegraded = (): Promise<void> =>
    vi.waitFor(
      () => expect(instance.states.at(-1)).toMatch(/^degraded: the MPU-6050 does not answer/u),
      soon,
    );
  await isDegraded();
  expect(instance.emitted.filter(({ output }) => output === "up")).toEqual([]);

  measure(16_384);
  await gives(instance, "up", expect.closeTo(1, 1));
  bench.removeDevice(0x68);
  await vi.waitFor(
    () => expect(instance.emitted.at(-1)).toMatchObject({ output: "up", emission: { quality: 1 } }),
    soon,
  );
  expect(instance.emitted.at(-1)?.value).toBeCloseTo(1, 1);
  await isDegraded();
  // It had no power: it sleeps, and its registers are zero until it was woken.
  const woken = bench.next("i2c", ({ register }) => register === 0x6b);
  bench.setRegisters(
    0x68,
    0x3b,
    Array.from({ length: 14 }, () => 0),
  );
  await woken;
  await bench.elapse(200_000);
  measure(8192);
  await gives(instance, "up", expect.closeTo(0.5, 1));

  const values = instance.emitted.filter(({ output }) => output === "up").map(({ value }) => Number(value));
  expect(Math.min(...values)).toBeGreaterThan(0.4);
  // What else hangs on the board did not notice.
  expect(instance.states.map((state) => state.split(":")[0])).toEqual([
    "running",
    "degraded",
    "running",
    "degraded",
    "running",
  ]);
  expect(bench.ofKind("pin").map(({ level }) => level)).toEqual([0, 1]);
});

test("more than the board can do is said, and not left dead", async () => {
  const bench = await plugIn();
  const pins = [2, 3, 4, 5, 6, 7, 8, 9, 10];
  bench.watch("D2", "B5");
  const servos = Object.fromEntries(pins.map((pin) => [`lid${pin}`, { device: "servo", pin }]));

  const instance = await start(bench.line, { inputs: { ...servos, led: { device: "led", pin: 13 } } });

  await vi.waitFor(
    () => expect(instance.states.at(-1)).toMatch(/^degraded: .*it says "no more servos"/u),
    soon,
  );
  // What there is room for works.
  instance.apply("led", true);
  instance.apply("lid2", 90);
  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), soon);
  await vi.waitFor(() => expect(bench.pulses("D2").at(-1)).toBeGreaterThan(1400), soon);
});

test("a servo whose pulses the board does not give goes as far as it does, at the right angles", async () => {
  const bench = await plugIn();
  bench.watch("B1", "B2");
  const instance = await start(bench.line, {
    inputs: {
      lid: { device: "servo", pin: 9, pulses: [500, 2600] },
      arm: { device: "servo", pin: 10, pulses: [2600, 500] },
    },
  });
  await vi.waitFor(
    () => expect(instance.states.at(-1)).toMatch(/^degraded: lid is given .*; arm is given /u),
    soon,
  );

  for (const [degrees, lid, arm] of [
    [90, 1550, 1550],
    [180, 2500, 500],
    [0, 500, 2500],
  ] as const) {
    instance.apply("lid", degrees);
    instance.apply("arm", degrees);
    const isNear = (pin: string, micros: number): void =>
      expect(Math.abs((bench.pulses(pin).at(-1) ?? 0) - micros)).toBeLessThan(25);
    await vi.waitFor(() => isNear("B1", lid), soon);
    await vi.waitFor(() => isNear("B2", arm), soon);
  }
});

const turntable = { device: "stepper", step: 6, direction: 5 };
/** Steps forwards and backwards: the direction is set before each. */
function stepsOf(bench: FirmwareBench): { readonly forwards: number; readonly backwards: number } {
  let isForwards = false;
  const counts = { forwards: 0, backwards: 0 };
  for (const { pin, level } of bench.ofKind("pin")) {
    if (pin === "D5") isForwards = level === 1;
    else if (pin === "D6" && level === 1) counts[isForwards ? "forwards" : "backwards"] += 1;
  }
  return counts;
}

test("a stepper that is at rest stays where it is when its board was away, and goes on from there", async () => {
  const bench = await plugIn();
  bench.watch("D5", "D6");
  const instance = await start(bench.line, { inputs: { turntable } });
  await isRunning(instance);
  instance.apply("turntable", 90);
  await vi.waitFor(() => expect(stepsOf(bench).forwards).toBe(50), soon);
  // Its word that it has arrived.
  await bench.elapse(100_000);

  await bench.unplug();
  await vi.waitFor(() => expect(instance.states.at(-1)).toMatch(/^waiting: /u), soon);
  const again = await plugIn(bench.line);
  again.watch("D5", "D6");
  await isRunning(instance);
  await again.elapse(1_000_000);
  expect(stepsOf(again)).toEqual({ forwards: 0, backwards: 0 });
  instance.apply("turntable", 0);

  await vi.waitFor(() => expect(stepsOf(again)).toEqual({ forwards: 0, backwards: 50 }), soon);
});

test.each([
  ["at once", {}],
  ["by its deceleration", { acceleration: 360, deceleration: 180 }],
])(
  "a stepper on a long way comes to rest %s when it is stopped, and turns back as far as it came",
  async (_how, ramps) => {
    const bench = await plugIn();
    bench.watch("D5", "D6");
    // Ten turns in 20 s and more.
    const instance = await start(bench.line, { inputs: { turntable: { ...turntable, rpm: 30, ...ramps } } });
    await isRunning(instance);
    instance.apply("turntable", 3600);
    await vi.waitFor(() => expect(stepsOf(bench).forwards).toBeGreaterThan(100), soon);

    instance.apply("turntable", 0);

    await vi.waitFor(() => expect(stepsOf(bench).backwards).toBeGreaterThan(0), soon);
    const { forwards } = stepsOf(bench);
    const rises = bench.ofKind("pin").filter(({ pin, level }) => pin === "D6" && level === 1);
    const gap = (step: number): number => (rises[step]?.at ?? 0) - (rises[step - 1]?.at ?? 0);
    // 100 steps a second.
    expect(gap(forwards - 1) > 20_000).toBe("deceleration" in ramps);
    expect(forwards).toBeLessThan(1000);
    await vi.waitFor(() => expect(stepsOf(bench).backwards).toBe(forwards), {
      timeout: 30_000,
      interval: 50,
    });
    await bench.elapse(1_000_000);
    expect(stepsOf(bench)).toEqual({ forwards, backwards: forwards });
  },
  90_000,
);

test("a stepper whose board is lost while it turns is not moved any more, and that is said", async () => {
  const bench = await plugIn();
  bench.watch("D5", "D6");
  const instance = await start(bench.line, { inputs: { turntable: { ...turntable, rpm: 30 } } });
  await isRunning(instance);
  instance.apply("turntable", 3600);
  await vi.waitFor(() => expect(stepsOf(bench).forwards).toBeGreaterThan(10), soon);

  await bench.unplug();
  await vi.waitFor(() => expect(instance.states.at(-1)).toMatch(/^waiting: /u), soon);
  const again = await plugIn(bench.line);
  again.watch("D5", "D6");
  await vi.waitFor(
    () => expect(instance.states.at(-1)).toMatch(/^degraded: the board was lost while turntable turned/u),
    soon,
  );
  instance.apply("turntable", 90);
  await again.elapse(1_000_000);

  expect(stepsOf(again)).toEqual({ forwards: 0, backwards: 0 });
});

test("a servo turns to where it should with the shortest pulses and the longest, and the other way round", async () => {
  const bench = await plugIn();
  bench.watch("B1", "B2");
  const instance = await start(bench.line, {
    inputs: {
      lid: { device: "servo", pin: 9, pulses: [500, 2500] },
      arm: { device: "servo", pin: 10, pulses: [2400, 600] },
    },
  });
  await isRunning(instance);

  for (const [degrees, lid, arm] of [
    [3, 533, 2370],
    [0, 500, 2400],
    [180, 2500, 600],
  ] as const) {
    instance.apply("lid", degrees);
    instance.apply("arm", degrees);
    const areRight = (pin: string, micros: number): void =>
      expect(
        bench
          .pulses(pin)
          .slice(-3)
          .filter((pulse) => Math.abs(pulse - micros) <= 12),
      ).toHaveLength(3);
    await vi.waitFor(() => areRight("B1", lid), soon);
    await vi.waitFor(() => areRight("B2", arm), soon);
  }
});

test("a board that is pulled and plugged in again holds what was applied meanwhile", async () => {
  const bench = await plugIn();
  const instance = await start(bench.line, {
    outputs: { dial: { device: "sensor", pin: "A0" } },
    inputs: { led: { device: "led", pin: 13 } },
  });
  await isRunning(instance);

  await bench.unplug();
  await vi.waitFor(() => expect(instance.states.at(-1)).toMatch(/^waiting: /u), soon);
  instance.apply("led", true);
  const again = await plugIn(bench.line);
  again.watch("B5");
  again.setVoltage(0, 5);
  await isRunning(instance);

  await vi.waitFor(() => expect(lastLevel(again, "B5")).toBe(1), soon);
  await gives(instance, "dial", 1);
  expect(await boards()).toHaveLength(1);
  await instance.stop();
  expect(await boards()).toEqual([]);
});

/** How many descriptors this process has open, by what they are. */
async function openDescriptors(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const name of await readdir("/proc/self/fd")) {
    const target = await readlink(`/proc/self/fd/${name}`).catch(() => undefined);
    const kind = target?.replace(/:?\[?\d+\]?$/u, "");
    if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

test("unplugged at any moment, ten times: lost within a second, and no process or descriptor is left", async () => {
  const random = seededRandom(7);
  const { line } = await plugIn();
  const ports = { inputs: { led: { device: "led", pin: 13 } } };
  // What is opened once, and for good.
  const warm = await start(line, ports);
  await isRunning(warm);
  await warm.stop();
  await workbench.clear();
  await vi.waitFor(async () => expect(await boards()).toEqual([]), soon);
  const before = await openDescriptors();
  const instance = await start(line, ports, { spans: hasty });
  instance.apply("led", true);

  for (let cycle = 0; cycle < 10; cycle++) {
    const bench = await plugIn(line);
    bench.watch("B5");
    if (cycle % 2 === 0) {
      await isRunning(instance);
      await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), soon);
    } else await bench.elapse(random.next() * 700_000);
    await bench.unplug();
    const unpluggedAt = performance.now();
    await vi.waitFor(() => expect(instance.states.at(-1)).toMatch(/^waiting: /u), soon);
    expect(performance.now() - unpluggedAt).toBeLessThan(1000);
    // One that ends and the next are never there together.
    expect((await boards()).length).toBeLessThan(2);
  }

  await instance.stop();
  expect(await boards()).toEqual([]);
  await vi.waitFor(async () => expect(await openDescriptors()).toEqual(before), soon);
}, 120_000);

/** A board in use, with its LED on and 1 V at its dial. */
async function startLit(): Promise<{ readonly bench: FirmwareBench; readonly instance: Bench }> {
  const bench = await plugIn();
  bench.watch("B5");
  bench.setVoltage(0, 1);
  const instance = await start(bench.line, {
    outputs: { dial: { device: "sensor", pin: "A0" } },
    inputs: { led: { device: "led", pin: 13 } },
  });
  await isRunning(instance);
  instance.apply("led", true);
  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), soon);
  await gives(instance, "dial", expect.closeTo(0.2, 1));
  return { bench, instance };
}

/** It was noticed and said, and all is as it was. */
async function isLitAgain(bench: FirmwareBench, instance: Bench, words: string): Promise<void> {
  bench.setVoltage(0, 5);
  await vi.waitFor(() => expect(instance.states.join()).toContain(`waiting: ${words}`), soon);
  await isRunning(instance);
  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), soon);
  await gives(instance, "dial", 1);
  expect(await boards()).toHaveLength(1);
}

test("a board that starts anew by itself is set up again", async () => {
  const { bench, instance } = await startLit();

  bench.reset();

  await isLitAgain(bench, instance, "it has started anew by itself");
});

test("a board that hangs is noticed, and used again when it answers", async () => {
  const { bench, instance } = await startLit();

  bench.cut();
  await vi.waitFor(() => expect(instance.states.at(-1)).toContain("it does not answer any more"), soon);
  bench.mend();

  await isLitAgain(bench, instance, "it does not answer any more");
});

test("a board that turned its outputs off because its process had no turn gets them on again", async () => {
  const { bench, instance } = await startLit();

  for (const pid of await boards()) process.kill(pid, "SIGSTOP");
  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(0), soon);
  for (const pid of await boards()) process.kill(pid, "SIGCONT");

  await isLitAgain(bench, instance, "it turned its outputs off");
});

test("a board's process that hangs is ended, and another takes its place", async () => {
  const { bench, instance } = await startLit();
  const [hung = 0] = await boards();
  const words = "its process does not answer any more";

  process.kill(hung, "SIGSTOP");
  await vi.waitFor(() => expect(instance.states.at(-1)).toContain(words), { timeout: 30_000 });

  await isLitAgain(bench, instance, words);
  expect(await boards()).not.toContain(hung);
}, 60_000);

test("a board is found by its serial number, and waited for until it is there", async () => {
  const links = join(workbench.folder, "by-id");
  await mkdir(links);
  const ports = { usb: "75834353930351F0D1E2", inputs: { led: { device: "led", pin: 13 } } };
  const instance = await start(undefined, ports, { spans: hasty, links });
  const absence = "waiting: no USB device with serial number 75834353930351F0D1E2 is plugged in";
  await vi.waitFor(() => expect(instance.states).toEqual([expect.stringContaining(absence)]), soon);
  expect(await boards()).toEqual([]);

  const bench = await plugIn();
  bench.watch("B5");
  await symlink(bench.line, join(links, "usb-Arduino__www.arduino.cc__0043_75834353930351F0D1E2-if00"));

  await isRunning(instance);
  instance.apply("led", true);
  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), soon);
});

test("a line that is not there is waited for, and no process stays", async () => {
  const instance = await start("/dev/serial/by-id/no-such-board", {
    inputs: { led: { device: "led", pin: 13 } },
  });

  await vi.waitFor(() => expect(instance.states).toEqual([expect.stringContaining("is not there")]), soon);
  await instance.stop();

  expect(await boards()).toEqual([]);
});

test("a board that is left alone turns its outputs off", async () => {
  const bench = await plugIn();
  bench.watch("B5");
  const instance = await start(bench.line, { inputs: { led: { device: "led", pin: 13 } } });
  await isRunning(instance);
  instance.apply("led", true);
  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), soon);

  bench.cut();

  await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(0), soon);
});

requires(
  "avr-gcc",
  "avrdude",
  "gcc",
  "optiboot",
  "simavr",
)(
  "a board with an older release gets the one that this agent brings, and then does what it is for",
  async () => {
    const links = join(workbench.folder, "flashed-by-id");
    const usb = "75834353930351F0D1E3";
    const old = await workbench.build("firmata-lite", "atmega328p", ["FIRMWARE_VERSION=0,9,0"]);
    const bootloader = await buildOptiboot(workbench.folder);
    const bench = await workbench.start({ firmware: old, bootloader, resetsOnOpen: true });
    bench.watch("B5");
    await mkdir(links);
    await symlink(bench.line, join(links, `usb-Arduino__www.arduino.cc__0043_${usb}-if00`));
    const given = { spans: hasty, links, folder: join(workbench.folder, "kept") };

    const settings = { usb, flash: "uno", inputs: { led: { device: "led", pin: 13 } } };
    const instance = await start(undefined, settings, given);
    instance.apply("led", true);

    await vi.waitFor(() => expect(instance.logged.join()).toContain("firmware firmata-lite 1.1.0 runs"), {
      timeout: 90_000,
    });
    expect(instance.states.join()).toContain("its firmware firmata-lite 0.9 is replaced");
    expect(instance.states.join()).toContain("its firmware is being written");
    await vi.waitFor(() => expect(instance.states.at(-1)).toBe("running"), { timeout: 60_000 });
    await vi.waitFor(() => expect(lastLevel(bench, "B5")).toBe(1), { timeout: 60_000 });
  },
  240_000,
);
