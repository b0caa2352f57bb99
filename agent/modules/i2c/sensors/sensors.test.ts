import { expect, test } from "vitest";
import { ads1115 } from "./ads1115.ts";
import { bme280, compensated, type Trim } from "./bme280.ts";
import { adsModel, bmeModel, type ChipModel, mpuModel, vlModel } from "./chip-models.ts";
import { mpu6050 } from "./mpu6050.ts";
import type { Sensor, Steps } from "./registers.ts";
import { vl53l0x } from "./vl53l0x.ts";

/** Lets time go by in the chip as the driver asks for. */
function follow<Result>(steps: Steps<Result>, chip: ChipModel): Result {
  for (let count = 0; count < 64; count += 1) {
    const step = steps.next();
    if (step.done === true) return step.value;
    chip.pass(step.value);
  }
  throw new Error("never ready");
}

function measured(sensor: Sensor, chip: ChipModel) {
  follow(sensor.begin(chip), chip);
  return follow(sensor.measure(chip), chip);
}

// The worked example of Bosch's data sheet for the BMP280 (BST-BMP280-DS001, section 3.12), whose formulas these are.
const trim: Trim = {
  temperature: [27_504, 26_435, -1000],
  pressure: [36_477, -10_685, 3024, 2855, 140, -7, 15_500, -14_600, 6000],
  humidity: [75, 362, 0, 313, 50, 30],
};

test("a BME280 gives what the data sheet's example works out", () => {
  const chip = bmeModel(trim, { temperature: 519_888, pressure: 415_148, humidity: 30_000 });

  const { temperature, pressure, humidity } = measured(bme280(), chip);

  expect(temperature).toBeCloseTo(25.08, 2);
  expect(pressure).toBeCloseTo(1006.5327, 3);
  expect(humidity).toBeCloseTo(wholeNumberHumidity(30_000, 519_888, trim), 1);
});

test("its humidity is what the data sheet's whole numbers make of it, from dry to wet", () => {
  for (let raw = 18_000; raw < 45_000; raw += 500) {
    const data = Uint8Array.of(0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, raw >> 8, raw & 0xff);

    expect(compensated(data, trim)["humidity"]).toBeCloseTo(wholeNumberHumidity(raw, 519_888, trim), 1);
  }
});

/** BST-BME280-DS002, section 4.2.3: the same in 32-bit whole numbers, in 1/1024 percent. */
function wholeNumberHumidity(raw: number, rawTemperature: number, { temperature, humidity }: Trim): number {
  const [t1 = 0, t2 = 0, t3 = 0] = temperature.map(BigInt);
  const [h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0] = humidity.map(BigInt);
  const at = BigInt(rawTemperature);
  const first = (((at >> 3n) - (BigInt(t1) << 1n)) * BigInt(t2)) >> 11n;
  const bend = (at >> 4n) - BigInt(t1);
  const fine = first + ((((bend * bend) >> 12n) * BigInt(t3)) >> 14n);
  let value = fine - 76_800n;
  value =
    (((BigInt(raw) << 14n) - (BigInt(h4) << 20n) - BigInt(h5) * value + 16_384n) >> 15n) *
    (((((((value * BigInt(h6)) >> 10n) * (((value * BigInt(h3)) >> 11n) + 32_768n)) >> 10n) + 2_097_152n) *
      BigInt(h2) +
      8192n) >>
      14n);
  value -= ((((value >> 15n) * (value >> 15n)) >> 7n) * BigInt(h1)) >> 4n;
  const bounded = value < 0n ? 0n : value > 419_430_400n ? 419_430_400n : value;
  return Number(bounded >> 12n) / 1024;
}

test("trim values keep their signs, also the two of humidity that share a byte", () => {
  const signed: Trim = { ...trim, humidity: [255, -300, 255, -5, -7, -128] };
  const chip = bmeModel(signed, { temperature: 519_888, pressure: 415_148, humidity: 30_000 });

  const data = Uint8Array.of(0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 30_000 >> 8, 30_000 & 0xff);
  expect(measured(bme280(), chip)).toEqual(compensated(data, signed));
});

test("a BME280 that has not measured gives no weather", () => {
  const sensor = bme280();
  const chip = bmeModel(trim, { temperature: 519_888, pressure: 0x80000, humidity: 0x8000 });

  expect(() => measured(sensor, chip)).toThrow("has not measured");
});

test("an ADS1115 gives each voltage that is wanted, of either sign, by its full scale", () => {
  const chip = adsModel({ a0: 1.25, a3: -0.003, "a0-a1": -1.5 });

  const readings = measured(ads1115(["a0", "a3", "a0-a1"], 2.048), chip);

  expect(readings["a0"]).toBeCloseTo(1.25, 4);
  expect(readings["a3"]).toBeCloseTo(-0.003, 4);
  expect(readings["a0-a1"]).toBeCloseTo(-1.5, 4);
});

test("an ADS1115 ends at its full scale", () => {
  expect(measured(ads1115(["a0"], 1.024), adsModel({ a0: 3.3 }))["a0"]).toBeCloseTo(1.024, 3);
});

test("an MPU-6050 gives g, degrees a second and its temperature, by the ranges it was set to", () => {
  const chip = mpuModel({ acceleration: [0, -0.5, 1], rotation: [10, -250, 0], temperature: 31.5 });

  const readings = measured(mpu6050({ acceleration: 8, rotation: 500 }), chip);

  expect(readings["acceleration-y"]).toBeCloseTo(-0.5, 3);
  expect(readings["acceleration-z"]).toBeCloseTo(1, 3);
  expect(readings["rotation-x"]).toBeCloseTo(10, 1);
  expect(readings["rotation-y"]).toBeCloseTo(-250, 1);
  expect(readings["temperature"]).toBeCloseTo(31.5, 2);
});

test.each([
  [0x70, 3339, 31],
  [0x71, -3339, 11],
  [0x98, 3268, 35],
])("a successor of the MPU-6050 (%i) has a thermometer of its own", (identity, raw, degrees) => {
  const sensor = mpu6050({ acceleration: 2, rotation: 250 });
  const chip = mpuModel({ acceleration: [0, 0, 1], rotation: [0, 0, 0], temperature: 20 });
  const begin = sensor.begin({
    read: (register, length) => (register === 0x75 ? Uint8Array.of(identity) : chip.read(register, length)),
    write: (register, ...bytes) => chip.write(register, ...bytes),
  });
  follow(begin, chip);
  chip.write(0x41, raw >> 8, raw & 0xff);

  expect(follow(sensor.measure(chip), chip)["temperature"]).toBeCloseTo(degrees, 1);
});

test("an MPU-6050 that fell asleep says so, and does not repeat its last values", () => {
  const sensor = mpu6050({ acceleration: 2, rotation: 250 });
  const chip = mpuModel({ acceleration: [0, 0, 1], rotation: [0, 0, 0], temperature: 20 });
  follow(sensor.begin(chip), chip);
  chip.write(0x6b, 0x40);

  expect(() => follow(sensor.measure(chip), chip)).toThrow("fallen asleep");
});

test("a VL53L0X gives a distance, and none when nothing is there", () => {
  const sensor = vl53l0x();
  const chip = vlModel(432);
  expect(measured(sensor, chip)).toEqual({ distance: 432, "in-range": 1 });

  chip.put(8190);

  expect(follow(sensor.measure(chip), chip)).toEqual({ "in-range": 0 });
});

test.each([
  [{ working: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], count: 44, isAperture: false }, 150],
  [{ working: [0x00, 0x10, 0x01, 0x00, 0x80, 0x01], count: 4, isAperture: true }, 150],
  [{ working: [0x01, 0x00, 0x00, 0x00, 0x00, 0x00], count: 1, isAperture: false }, 150],
])("a VL53L0X measures by the reference cells that its factory has found: %j", (factory, distance) => {
  expect(measured(vl53l0x(), vlModel(distance, factory))).toEqual({ distance, "in-range": 1 });
});

test.each([
  { working: [0xff, 0x0f, 0, 0, 0, 0], count: 1, isAperture: true },
  { working: [0xff, 0, 0, 0, 0, 0], count: 9, isAperture: false },
  { working: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], count: 0, isAperture: false },
])("a VL53L0X that has not the cells it says it needs is told as broken: %j", (factory) => {
  expect(() => measured(vl53l0x(), vlModel(150, factory))).toThrow(/needs \d+ reference cells/u);
});

test("a VL53L0X that has lost its settings measures nothing until it is set up anew", () => {
  const sensor = vl53l0x();
  expect(measured(sensor, vlModel(432))).toEqual({ distance: 432, "in-range": 1 });

  const anew = vlModel(432);
  expect(() => follow(sensor.measure(anew), anew)).toThrow("has lost its settings");
  expect(measured(sensor, anew)).toEqual({ distance: 432, "in-range": 1 });
});

test("a VL53L0X whose setting up was interrupted, wherever that was, is set up by beginning again", () => {
  let transfers = 0;
  for (let isWhole = false; !isWhole; transfers += 1) {
    const chip = vlModel(432);
    isWhole = isSetUpWithin(transfers, chip);

    expect(measured(vl53l0x(), chip), `after ${transfers} transfers`).toEqual({
      distance: 432,
      "in-range": 1,
    });
  }
  expect(transfers).toBeGreaterThan(50);
});

/** Sets a VL53L0X up over a cable that comes off after so many transfers; whether they were enough. */
function isSetUpWithin(transfers: number, chip: ChipModel): boolean {
  let left = transfers;
  const count = (): void => {
    if (left === 0) throw new Error("nobody answers");
    left -= 1;
  };
  const begin = vl53l0x().begin({
    read(register, length) {
      count();
      return chip.read(register, length);
    },
    write(register, ...bytes) {
      count();
      chip.write(register, ...bytes);
    },
  });
  try {
    follow(begin, chip);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ["BME280", bme280(), "0x60"],
  ["MPU-6050", mpu6050({ acceleration: 2, rotation: 250 }), "0x68"],
  ["VL53L0X", vl53l0x(), "0xee"],
])("a chip that is no %s is not taken for one", (name, sensor, identity) => {
  const other = adsModel({ a0: 0 });

  expect(() => follow(sensor.begin(other), other)).toThrow(new RegExp(`no ${name}.*${identity}`, "u"));
});

test("what keeps nothing is no ADS1115", () => {
  const other: ChipModel = { read: (_, length) => new Uint8Array(length), write() {}, pass() {} };

  expect(() => follow(ads1115(["a0"], 4.096).begin(other), other)).toThrow("no ADS1115");
});
