// johnny-five with firmata-io against our own firmware: each class that a board of ours has to carry, values and
// pulse widths as the chip has them.

import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { chips, type Chip } from "@interactor/firmware-bridges/bench/build.ts";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import { requires } from "../requires.ts";
import { five, openBoard, type OpenBoard } from "./johnny-five.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

/** Wall clock, and generous: the machine may be busy. */
const soon = { timeout: 30_000, interval: 10 };

let workbench: Workbench;
beforeAll(async () => {
  workbench = await openWorkbench();
});
const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0)) await each[Symbol.asyncDispose]();
  await workbench.clear();
});
afterAll(() => workbench[Symbol.asyncDispose]());

interface Bench extends OpenBoard {
  readonly bench: FirmwareBench;
}

async function board(chip: Chip = "atmega328p"): Promise<Bench> {
  const bench = await workbench.start({ chip, firmware: await workbench.build("firmata-lite", chip) });
  // Its banner is over: a host that opens in the middle of it would hear half a message.
  await bench.elapse(100_000);
  const open = await openBoard(bench.line);
  closing.push(open);
  return { bench, ...open };
}

const lastLevel = (bench: FirmwareBench, pin: string): number | undefined =>
  bench.ofKind("pin").findLast((event) => event.pin === pin)?.level;

test.each(chips)("a board of an %s says what its pins can do", async (chip) => {
  const { io } = await board(chip);

  expect(io.firmware.name).toBe("firmata-lite");
  const { pins, analogPins } = io as unknown as {
    pins: { supportedModes: number[] }[];
    analogPins: number[];
  };
  expect(pins).toHaveLength(chip === "atmega328p" ? 20 : 70);
  expect(analogPins).toHaveLength(chip === "atmega328p" ? 6 : 16);
  expect(pins[0]?.supportedModes).toEqual([]);
  expect(pins[5]?.supportedModes).toEqual([0, 1, 3, 4, 8, 11]);
});

test("Sensor and Thermometer read voltages", async () => {
  const { bench, board: uno } = await board();
  bench.setVoltage(0, 2.5);
  bench.setVoltage(1, 0.75);
  const sensor = new five.Sensor({ board: uno, pin: "A0", freq: 20 });
  const thermometer = new five.Thermometer({ board: uno, controller: "TMP36", pin: "A1", freq: 20 });

  await vi.waitFor(() => expect(sensor.value).toBe(511), soon);
  await vi.waitFor(() => expect(thermometer.celsius).toBeCloseTo(25, 0), soon);
  bench.setVoltage(0, 4.5);
  await vi.waitFor(() => expect(sensor.value).toBe(920), soon);
});

test("Proximity reads the distance of a Sharp sensor", async () => {
  const { bench, board: uno } = await board();
  const proximity = new five.Proximity({ board: uno, controller: "GP2Y0A21YK", pin: "A2", freq: 20 });

  bench.setVoltage(2, 2.3);
  await vi.waitFor(() => expect(Math.round(proximity.centimeters)).toBe(10), soon);
  bench.setVoltage(2, 0.75);
  await vi.waitFor(() => expect(proximity.centimeters).toBeGreaterThan(30), soon);
});

test("Button, Switch and Motion see levels change", async () => {
  const { bench, board: uno } = await board();
  const seen: string[] = [];
  for (const pin of ["D2", "D4"]) bench.drive(pin, 1);
  bench.drive("D7", 0);
  const button = new five.Button({ board: uno, pin: 2, isPullup: true });
  const toggle = new five.Switch({ board: uno, pin: 4, invert: true });
  const motion = new five.Motion({ board: uno, pin: 7 });
  button.on("down", () => seen.push("down"));
  button.on("up", () => seen.push("up"));
  toggle.on("close", () => seen.push("close"));
  motion.on("motionstart", () => seen.push("motion"));
  motion.on("calibrated", () => seen.push("calibrated"));
  await bench.elapse(200_000);

  bench.drive("D2", 0);
  await vi.waitFor(() => expect(seen).toContain("down"), soon);
  // johnny-five debounces by the wall clock, which the bench is never ahead of.
  await bench.elapse(100_000);
  bench.drive("D2", 1);
  await vi.waitFor(() => expect(seen).toContain("up"), soon);
  bench.drive("D4", 0);
  await vi.waitFor(() => expect(seen).toContain("close"), soon);
  await vi.waitFor(() => expect(seen).toContain("calibrated"), soon);
  bench.drive("D7", 1);
  await vi.waitFor(() => expect(seen).toContain("motion"), soon);
});

test("Led and Relay drive pins, and an Led is as bright as told", async () => {
  const { bench, board: uno } = await board();
  bench.watch("B5", "B0");
  const led = new five.Led({ board: uno, pin: 13 });
  const relay = new five.Relay({ board: uno, pin: 8 });
  const dimmed = new five.Led({ board: uno, pin: 3 });

  led.on();
  relay.close();
  dimmed.brightness(77);
  await vi.waitFor(() => expect([lastLevel(bench, "B5"), lastLevel(bench, "B0")]).toEqual([1, 1]), soon);
  await vi.waitFor(
    () => expect(bench.ofKind("pwm").at(-1)).toMatchObject({ channel: "2B", level: 77 }),
    soon,
  );
  led.off();
  relay.open();
  await vi.waitFor(() => expect([lastLevel(bench, "B5"), lastLevel(bench, "B0")]).toEqual([0, 0]), soon);
});

test.each(chips)("Servo: pulses on an %s are as long as the degrees ask for, every 20 ms", async (chip) => {
  const { bench, board: uno } = await board(chip);
  const pin = chip === "atmega328p" ? "B1" : "H6";
  bench.watch(pin);
  const servo = new five.Servo({ board: uno, pin: 9, pwmRange: [1000, 2000] });

  for (const [degrees, micros] of [
    [0, 1000],
    [90, 1500],
    [180, 2000],
  ] as const) {
    servo.to(degrees);
    const isRight = (pulse: number): boolean => Math.abs(pulse - micros) <= 12;
    await vi.waitFor(() => expect(bench.pulses(pin).slice(-3).filter(isRight)).toHaveLength(3), soon);
  }

  const rises = bench.ofKind("pin").filter(({ level }) => level === 1);
  const last = rises.slice(-2).map(({ at }) => at);
  expect(Math.abs((last[1] ?? 0) - (last[0] ?? 0) - 20_000)).toBeLessThanOrEqual(12);
});

test("IMU: an MPU-6050 on the bus is set up, and read", async () => {
  const { bench, board: uno } = await board();
  const word = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
  // 1 g upwards, 25 °C, at rest: registers 0x3B to 0x48 of the data sheet.
  bench.setRegisters(0x68, 0x3b, [0, 0, 16_384, -3920, 0, 0, 0].flatMap(word));

  const imu = new five.IMU({ board: uno, controller: "MPU6050" });

  await vi.waitFor(() => expect(imu.accelerometer.z).toBeCloseTo(1, 1), soon);
  expect(imu.thermometer.celsius).toBeCloseTo(25, 0);
  expect(bench.ofKind("i2c").map(({ address }) => address)).toContain(0x68);
});

test.each(chips)(
  "a device that holds the bus of an %s, as after a reset within a byte, is clocked until it lets go",
  async (chip) => {
    const { bench, board: uno } = await board(chip);
    bench.setRegisters(0x68, 0x3b, [0x40, 0, 0x40, 0, 0x40, 0, 0xf0, 0xb0, 0, 0, 0, 0, 0, 0]);
    bench.holdBus(7);

    const imu = new five.IMU({ board: uno, controller: "MPU6050" });

    await vi.waitFor(() => expect(bench.ofKind("i2c-free")).toHaveLength(1), soon);
    await vi.waitFor(() => expect(imu.accelerometer.z).toBeCloseTo(1, 1), soon);
  },
);

test("Stepper: as many steps as asked for, at their speed, and then it says so", async () => {
  const { bench, board: uno } = await board();
  bench.watch("D6", "D5");
  const stepper = new five.Stepper({
    board: uno,
    type: five.Stepper.TYPE.DRIVER,
    stepsPerRev: 200,
    pins: { step: 6, dir: 5 },
  });

  const { promise: done, resolve } = Promise.withResolvers<void>();
  stepper.rpm(60).direction(1).step(50, resolve);
  await done;
  await bench.now();

  const steps = bench.ofKind("pin").filter(({ pin, level }) => pin === "D6" && level === 1);
  expect(steps).toHaveLength(50);
  expect(lastLevel(bench, "D5")).toBe(1);
  // 200 steps a second; the speed goes over the line in hundredths of a radian.
  const span = (steps.at(-1)?.at ?? 0) - (steps[0]?.at ?? 0);
  expect(Math.abs(span - 49 * 5000)).toBeLessThanOrEqual(49 * 50);
});

/** When each step comes, in microseconds from the first, at 200 steps a turn; speed in rad/s, accelerations in rad/s². */
function stepsByPhysics(steps: number, speed: number, [up, down]: readonly [number, number]): number[] {
  const angle = (2 * Math.PI) / 200;
  const whole = steps * angle;
  const peak = Math.min(speed, Math.sqrt((2 * whole * up * down) / (up + down)));
  const [rise, fall] = [peak ** 2 / (2 * up), peak ** 2 / (2 * down)];
  const until = peak / up + (whole - rise - fall) / peak;
  const timeAt = (way: number): number => {
    if (way <= rise) return Math.sqrt((2 * way) / up);
    if (way <= whole - fall) return peak / up + (way - rise) / peak;
    return until + peak / down - Math.sqrt((2 * Math.max(whole - way, 0)) / down);
  };
  const times = Array.from({ length: steps }, (_, index) => timeAt((index + 1) * angle) * 1e6);
  return times.map((time) => time - (times[0] ?? 0));
}

test.each([
  ["reaches its speed", 300],
  ["turns from one ramp into the other before it has its speed", 60],
])(
  "Stepper with acceleration and deceleration: each step when it is due, on a way that %s",
  async (_, count) => {
    const { bench, board: uno } = await board();
    bench.watch("D6");
    const stepper = new five.Stepper({
      board: uno,
      type: five.Stepper.TYPE.DRIVER,
      stepsPerRev: 200,
      pins: { step: 6, dir: 5 },
    });

    const { promise: done, resolve } = Promise.withResolvers<void>();
    // One turn a second, reached within 63 steps and left within 31.
    stepper.rpm(60).accel(1000).decel(2000).direction(1).step(count, resolve);
    await done;
    await bench.now();

    const steps = bench.ofKind("pin").filter(({ pin, level }) => pin === "D6" && level === 1);
    expect(steps).toHaveLength(count);
    const expected = stepsByPhysics(count, 6.28, [10, 20]);
    const late = steps.map(({ at }, index) => at - (steps[0]?.at ?? 0) - (expected[index] ?? 0));
    // Ramps are whole steps: on the way to the peak that is less than a tenth of a step.
    expect(Math.max(...late.map(Math.abs))).toBeLessThanOrEqual(500);
  },
);

test("a host that asked for a guard and is silent: outputs are off in its time", async () => {
  const { bench, board: uno, io } = await board();
  bench.watch("B5", "B1");
  new five.Servo({ board: uno, pin: 9 }).to(90);
  await vi.waitFor(() => expect(bench.pulses("B1").length).toBeGreaterThan(2), soon);
  const off = bench.next("pin", ({ pin, level }) => pin === "B5" && level === 0);
  new five.Led({ board: uno, pin: 13 }).on();
  const on = bench.next("pin", ({ pin, level }) => pin === "B5" && level === 1);

  io.sysexCommand([0x01, 500 & 0x7f, 500 >> 7]);

  const silence = (await off).at - (await on).at;
  expect(silence).toBeGreaterThanOrEqual(499_000);
  expect(silence).toBeLessThanOrEqual(560_000);
  const before = bench.pulses("B1").length;
  await bench.elapse(100_000);
  expect(bench.pulses("B1").length).toBeLessThanOrEqual(before + 1);
});
