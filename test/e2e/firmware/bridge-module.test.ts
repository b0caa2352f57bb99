// The agent's module and the firmware, with a tty between them: what an installer sees of it.

import { mkdir, readdir, readFile, readlink, symlink } from "node:fs/promises";
import { bridgeModule } from "@interactor/agent/modules/bridge/module.ts";
import { spans } from "@interactor/agent/modules/bridge/limits.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { buildOptiboot, megaBootloader } from "@interactor/firmware-bridges/bench/build.ts";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import type { Clock } from "@interactor/shared/kernel/clock";
import { seededRandom } from "@interactor/shared/kernel/random";
import { millis } from "@interactor/shared/kernel/units";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { requires } from "../requires.ts";
import { benchClock } from "./bench-clock.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

/** Wall clock, and generous: the machine may be busy. */
const soon = { timeout: 30_000, interval: 10 };
/** A test is in a hurry to try again. */
const hasty = { ...spans, absentLongest: millis(100), lostLongest: millis(100), steadyAfter: millis(0) };

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  await mkdir(linksFolder());
  await symlink(`${workbench.folder}/line`, `${linksFolder()}/usb-Arduino__www.arduino.cc__0043_${usb}-if00`);
  firmware = await workbench.build("bridge", "atmega328p");
});
const instances: Bench[] = [];
afterEach(async () => {
  await Promise.all(instances.splice(0).map((instance) => instance.stop()));
  await workbench.clear();
});
afterAll(() => workbench[Symbol.asyncDispose]());

const outputs = {
  distance: { pin: "A0", unit: "m", min: 0, max: 10, every: 10 },
  door: { type: "bool", pin: "D7", debounce: 10 },
};
const inputs = {
  relay: { pin: "D13" },
  lamp: { type: "float", pin: "D3", safe: 1 },
  arm: { type: "float", pin: "D9", min: -90, max: 90, pulses: [1000, 2000], stop: 0, safe: "free" },
};
const pins = { relay: "B5", lamp: "D3", arm: "B1" };

async function instance(settings: object, clock: Clock = systemClock(newSteering())): Promise<Bench> {
  const started = await startOnBench(
    bridgeModule({ spans: hasty, folder: keptFolder(), links: linksFolder() }),
    settings,
    { clock },
  );
  instances.push(started);
  return started;
}

/** The board on the bench has a serial number as udev would tell it. */
const usb = "75834353930351F0D1E2";
const linksFolder = (): string => `${workbench.folder}/by-id`;
const keptFolder = (): string => `${workbench.folder}/kept`;
const path = (): string => `/dev/../${workbench.folder}/line`;
const plugIn = (): Promise<FirmwareBench> => workbench.start({ firmware, line: `${workbench.folder}/line` });

const running = (module: Bench): Promise<void> =>
  vi.waitFor(() => expect(module.states.at(-1)).toBe("running"), soon);
const last = (module: Bench, output: string): unknown =>
  module.emitted.findLast((each) => each.output === output)?.value;
const levelOf = (bench: FirmwareBench, pin: string): number | undefined =>
  bench.ofKind("pin").findLast((event) => event.pin === pin)?.level;

test("sensors become values, and values become levels and pulses", async () => {
  const bench = await plugIn();
  bench.watch(...Object.values(pins));
  bench.setVoltage(0, 2.5);
  bench.drive("D7", 1);
  const module = await instance({ path: path(), outputs, inputs });
  await running(module);

  await vi.waitFor(() => expect(last(module, "distance")).toBeCloseTo(5, 1), soon);
  await vi.waitFor(() => expect(last(module, "door")).toBe(false), soon);
  bench.drive("D7", 0);
  await vi.waitFor(() => expect(last(module, "door")).toBe(true), soon);
  expect(levelOf(bench, pins.relay)).toBe(0);
  module.apply("relay", true);
  module.apply("lamp", 0.5);
  module.apply("arm", 90);

  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);
  await vi.waitFor(() => expect(bench.ofKind("pwm").at(-1)?.level).toBe(128), soon);
  await vi.waitFor(
    () => expect(Math.abs((bench.pulses(pins.arm).at(-1) ?? 0) - 2000)).toBeLessThan(13),
    soon,
  );
  expect(last(module, "samples-lost")).toBe(0);
});

test("a relay that is on when its pin is low is off from a reset on, also before this node is heard", async () => {
  const bench = await plugIn();
  bench.watch(pins.relay);
  const module = await instance({ path: path(), inputs: { relay: { pin: "D13", activeLow: true } } });
  await running(module);
  expect(levelOf(bench, pins.relay)).toBe(1);
  module.apply("relay", true);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(0), soon);

  const off = bench.next("pin", ({ pin, level }) => pin === pins.relay && level === 1);
  const reset = bench.next("reset");
  bench.reset();

  expect((await off).at - (await reset).at).toBeLessThan(100);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(0), soon);
  await module.stop();
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);
});

test("a pin that the board has not is named, with those it has", async () => {
  await plugIn();
  const module = await instance({ path: path(), inputs: { lamp: { type: "float", pin: "D13" } } });

  await vi.waitFor(
    () =>
      expect(module.states.join()).toContain(
        "its pin D13 is onoff-out, not pwm-out, which are D3, D5, D6, D11",
      ),
    soon,
  );
});

test("a board that hangs resets itself, says so, and has its look again", async () => {
  const bench = await plugIn();
  bench.watch(pins.relay);
  const module = await instance({ path: path(), outputs, inputs });
  await running(module);
  module.apply("relay", true);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);

  bench.reset();

  await vi.waitFor(() => expect(module.states.join()).toContain("it has started anew: it was reset"), soon);
  await running(module);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);
});

test("a line that carries nothing: the board makes itself safe, the instance is lost, and both come back", async () => {
  const bench = await plugIn();
  bench.watch(...Object.values(pins));
  const module = await instance({ path: path(), outputs, inputs });
  await running(module);
  module.apply("relay", true);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);

  bench.cut();
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(0), soon);
  await vi.waitFor(() => expect(module.states.at(-1)).toMatch(/^waiting/u), soon);
  // Lamps have a safe level of their own here.
  expect(levelOf(bench, pins.lamp)).toBe(1);
  bench.mend();

  await running(module);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);
});

test("an instance that ends leaves its outputs where they go on a show stop", async () => {
  const bench = await plugIn();
  bench.watch(pins.relay);
  const module = await instance({ path: path(), inputs });
  await running(module);
  module.apply("relay", true);
  await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);

  await module.stop();

  expect((await bench.now()) - (bench.ofKind("pin").at(-1)?.at ?? 0)).toBeLessThan(900_000);
  expect(levelOf(bench, pins.relay)).toBe(0);
});

test("unplugged at any moment, 200 times: lost within a second, and nothing is left behind", async () => {
  const random = seededRandom(3);
  const module = await instance({ path: path(), outputs, inputs });
  const warm = await plugIn();
  await running(module);
  await warm.unplug();
  const waiting = (): Promise<void> =>
    vi.waitFor(() => expect(module.states.at(-1)).not.toBe("running"), soon);
  await waiting();
  // What an earlier test has left is closed in its own time.
  await vi.waitFor(async () => expect((await openDescriptors()).join()).not.toContain("deleted"), soon);
  const before = await openDescriptors();

  let reached = 0;
  for (let cycle = 0; cycle < 200; cycle++) {
    const bench = await plugIn();
    if (cycle % 4 === 0) await running(module);
    else await bench.elapse(random.next() * 150_000);
    if (module.states.at(-1) === "running") reached += 1;
    await bench.unplug();
    const unpluggedAt = performance.now();
    await waiting();
    expect(performance.now() - unpluggedAt).toBeLessThan(1000);
  }

  expect(reached).toBeGreaterThanOrEqual(50);
  await vi.waitFor(async () => expect(await openDescriptors()).toEqual(before), soon);
  const again = await plugIn();
  await running(module);
  await again.unplug();
}, 240_000);

requires(
  "avr-gcc",
  "gcc",
  "optiboot",
  "simavr",
)(
  "a Mega whose bootloader must not be spoken to is let speak first",
  async () => {
    const mega = { chip: "atmega2560", bootloader: megaBootloader, resetsOnOpen: true } as const;
    const line = `${workbench.folder}/line`;
    const bench = await workbench.start({
      ...mega,
      line,
      firmware: await workbench.build("bridge", "atmega2560"),
    });
    bench.setVoltage(0, 2.5);
    await using time = benchClock(bench);
    const module = await instance({ path: path(), outputs: { distance: outputs.distance } }, time.clock);

    await vi.waitFor(() => expect(module.states.at(-1)).toBe("running"), { timeout: 60_000 });

    expect(module.logged.at(-1)).toBe("info bridge 1.1.0 on a board mega2560");
    await vi.waitFor(() => expect(last(module, "distance")).toBeCloseTo(5, 1), soon);
  },
  120_000,
);

requires(
  "avr-gcc",
  "avrdude",
  "gcc",
  "optiboot",
  "simavr",
)(
  "a board with an older release gets the one that this agent brings, its outputs off before",
  async () => {
    const old = await workbench.build("bridge", "atmega328p", ["FIRMWARE_VERSION=0,9,0"]);
    const line = `${workbench.folder}/line`;
    const bootloader = await buildOptiboot(workbench.folder);
    const bench = await workbench.start({ firmware: old, bootloader, line, resetsOnOpen: true });
    bench.watch(pins.relay);
    const module = await instance({ usb, flash: "uno", inputs });
    module.apply("relay", true);

    await vi.waitFor(() => expect(module.logged.join()).toContain("firmware bridge 1.1.0 runs"), {
      timeout: 60_000,
    });
    await vi.waitFor(() => expect(module.logged.at(-1)).toBe("info bridge 1.1.0 on a board uno"), soon);

    expect(module.states.join()).toContain("its firmware bridge 0.9.0 is replaced");
    await vi.waitFor(() => expect(levelOf(bench, pins.relay)).toBe(1), soon);
    const before = await readFile(`${keptFolder()}/${usb}.before.hex`, "latin1");
    expect(programBytes(before)).toContain(programBytes(await readFile(old, "latin1")).slice(0, 2000));
  },
  120_000,
);

requires(
  "avr-gcc",
  "avrdude",
  "gcc",
  "optiboot",
  "simavr",
)(
  "a board with some other firmware is left alone, and gets the bridge's only where that is said",
  async () => {
    const line = `${workbench.folder}/line`;
    const other = await workbench.build("firmata-lite", "atmega328p");
    const bootloader = await buildOptiboot(workbench.folder);
    await workbench.start({ firmware: other, bootloader, line, resetsOnOpen: true });

    const careful = await instance({ usb, flash: "uno", inputs });
    const mutes = (): number =>
      careful.states.filter((state) => state.includes("did not answer in time")).length;
    await vi.waitFor(() => expect(mutes()).toBeGreaterThan(3), { timeout: 60_000 });
    await careful.stop();
    expect(careful.logged.join()).not.toContain("firmware");
    expect(careful.states.at(-1)).toMatch(/did not answer in time .*; it says nothing .*`overwrite: true`/u);

    const module = await instance({ usb, flash: "uno", overwrite: true, inputs });

    await vi.waitFor(() => expect(module.logged.at(-1)).toBe("info bridge 1.1.0 on a board uno"), {
      timeout: 90_000,
    });
    expect(module.states.join()).toContain("it did not answer in time; it says nothing");
  },
  240_000,
);

/** The data of an Intel HEX file in hexadecimal, whatever the length of its records. */
const programBytes = (hex: string): string =>
  hex
    .split(/\r?\n/u)
    .filter((record) => record.slice(7, 9) === "00")
    .map((record) => record.slice(9, -2))
    .join("");

/** What this process has open of ttys. */
async function openDescriptors(): Promise<readonly string[]> {
  const targets = await Promise.all(
    (await readdir("/proc/self/fd")).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")),
  );
  return targets.filter((target) => /\/dev\/(?:pts|tty)/u.test(target)).toSorted();
}
