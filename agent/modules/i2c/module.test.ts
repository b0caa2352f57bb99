import { seconds } from "@interactor/shared/sdk/define-module";
import { deviceMissing } from "@interactor/shared/sdk/devices";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, onTestFinished, test } from "vitest";
import type { OpenChip } from "./bus.ts";
import { definition, i2cModule } from "./module.ts";
import { adsModel, bmeModel, type ChipModel } from "./sensors/chip-models.ts";
import { settings } from "./settings.ts";

/** A bus in memory: a chip at an address, whose time is that of the clock, and a cable that can be pulled. */
class Bus {
  isPlugged = true;
  opened: string[] = [];
  closed = 0;
  readonly #chip: ChipModel;
  readonly #clock: VirtualClock;
  #seenAt = 0;

  constructor(chip: ChipModel, clock: VirtualClock) {
    this.#chip = chip;
    this.#clock = clock;
  }

  readonly open: OpenChip = async (bus, address) => {
    this.opened.push(`${bus}/${address}`);
    return {
      read: (register, length) => this.#there().read(register, length),
      write: (register, ...bytes) => this.#there().write(register, ...bytes),
      close: () => void (this.closed += 1),
    };
  };

  #there(): ChipModel {
    if (!this.isPlugged) throw deviceMissing("nobody answers at 0x48");
    const now = this.#clock.now();
    this.#chip.pass(now - this.#seenAt);
    this.#seenAt = now;
    return this.#chip;
  }
}

async function start(chip: ChipModel, given: unknown) {
  const clock = new VirtualClock();
  const bus = new Bus(chip, clock);
  const bench = await startOnBench(i2cModule(bus.open), given, { clock });
  onTestFinished(() => bench.stop());
  return { bench, bus, clock };
}

/** Lets time go by in small steps, and everything happen that it lets happen. */
async function pass(clock: VirtualClock, span: number): Promise<void> {
  for (let passed = 0; passed < span; passed += 0.005) {
    clock.advance(seconds(0.005));
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
}

const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);

const volts = { chip: "ads1115", every: 0.5, outputs: { a0: {} } };

test("a chip is measured at its pace", async () => {
  const { bench, bus, clock } = await start(adsModel({ a0: 2 }), volts);

  await pass(clock, 2.2);

  expect(bus.opened).toEqual(["1/72"]);
  expect(bench.states).toEqual(["running"]);
  expect(valuesOf(bench, "a0")).toEqual([2, 2, 2, 2, 2]);
});

test("only what is named is given, and everything when nothing is", async () => {
  const trim = {
    temperature: [27_504, 26_435, -1000],
    pressure: [36_477, -10_685, 3024, 2855, 140, -7, 15_500, -14_600, 6000],
    humidity: [75, 362, 0, 313, 50, 30],
  };
  const air = () => bmeModel(trim, { temperature: 519_888, pressure: 415_148, humidity: 30_000 });
  const some = await start(air(), { chip: "bme280", outputs: { temperature: {} } });
  const all = await start(air(), { chip: "bme280" });

  await pass(some.clock, 0.5);
  await pass(all.clock, 0.5);

  expect(some.bench.emitted.map(({ output }) => output)).toEqual(["temperature"]);
  expect(all.bench.emitted.map(({ output }) => output)).toEqual(["temperature", "humidity", "pressure"]);
});

test("a cable that is pulled is noticed, and the chip is set up anew when it is back", async () => {
  const { bench, bus, clock } = await start(adsModel({ a0: 2 }), volts);
  await pass(clock, 1);
  bus.isPlugged = false;

  await pass(clock, 10);
  expect(bench.states.at(-1)).toBe("waiting: nobody answers at 0x48");
  expect(valuesOf(bench, "failures").at(-1)).toBe(3);
  const before = valuesOf(bench, "a0").length;
  bus.isPlugged = true;
  await pass(clock, 10);

  expect(bench.states.at(-1)).toBe("running");
  expect(valuesOf(bench, "a0").length).toBeGreaterThan(before + 5);
  expect(bus.opened.length - bus.closed).toBe(1);
});

test("one measurement that fails is told and costs that one only", async () => {
  const { bench, bus, clock } = await start(adsModel({ a0: 2 }), volts);
  await pass(clock, 0.6);
  bus.isPlugged = false;
  await pass(clock, 0.5);
  bus.isPlugged = true;

  await pass(clock, 2);

  expect(valuesOf(bench, "failures")).toEqual([1]);
  expect(bus.opened).toHaveLength(1);
  expect(bench.states).toEqual(["running", "running"]);
  expect(bench.logged).toContain("warn it works badly: nobody answers at 0x48");
});

test("a stopped instance measures no more and lets go of the bus", async () => {
  const { bench, bus, clock } = await start(adsModel({ a0: 2 }), volts);
  await pass(clock, 1);

  await bench.stop();
  const before = bench.emitted.length;
  await pass(clock, 5);

  expect(bench.emitted.length).toBe(before);
  expect(bus.closed).toBe(1);
});

test("a computer without that bus says so", async () => {
  const bench = await startOnBench(
    definition,
    { ...volts, address: "250/0x48" },
    { clock: new VirtualClock() },
  );
  onTestFinished(() => bench.stop());
  for (let wait = 0; wait < 200 && bench.states.length === 0; wait += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));

  expect(bench.states).toEqual([
    "waiting: there is no /dev/i2c-250: add dtparam=i2c_arm=on to config.txt and start the Pi anew",
  ]);
});

test.each([
  [{ chip: "bmp180" }, "chip"],
  [{ chip: "bme280", address: "0x76" }, "1/0x76"],
  [{ chip: "bme280", every: 0 }, "every"],
  [{ chip: "bme280", outputs: { lux: {} } }, "lux"],
  [{ chip: "bme280", outputs: { temperature: { unit: "degF" } } }, "unit"],
  [{ chip: "ads1115", outputs: { a0: {} }, fullScale: 5 }, "fullScale"],
])("settings %j are refused and %s is named", (given, words) => {
  const parsed = settings.safeParse(given);

  expect(parsed.success ? "accepted" : JSON.stringify(parsed.error.issues)).toContain(words);
});

test("a self-test passes while nobody answers, and fails when another chip does", async () => {
  const clock = new VirtualClock();
  const bus = new Bus(adsModel({}), clock);
  bus.isPlugged = false;
  const bench = await startOnBench(i2cModule(bus.open), { chip: "bme280" }, { clock });
  onTestFinished(() => bench.stop());
  const asked = bench.selfTest();
  await pass(clock, 0.1);
  expect(await asked).toBeUndefined();

  bus.isPlugged = true;
  await pass(clock, 2);
  const again = bench.selfTest();
  await pass(clock, 8.1);
  expect(await again).toMatch(/chip|0x/u);
});
