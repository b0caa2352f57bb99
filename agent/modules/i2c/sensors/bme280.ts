/**
 * Bosch BME280: temperature, humidity, air pressure. One measurement at a time (forced mode), each value oversampled
 * once. Formulas in floating point as in the data sheet (BST-BME280-DS002, appendix 8.1).
 */
import { millis } from "@interactor/shared/sdk/define-module";
import { expectIdentity, type Readings, type Registers, type Sensor, type Steps } from "./registers.ts";

const register = {
  trim: 0x88,
  trimH1: 0xa1,
  id: 0xd0,
  reset: 0xe0,
  trimH2: 0xe1,
  ctrlHum: 0xf2,
  status: 0xf3,
  ctrlMeas: 0xf4,
  config: 0xf5,
  data: 0xf7,
} as const;
const identity = 0x60;
const resetWord = 0xb6;
/** Start-up time is 2 ms at most; copying of the trim values shows in a bit of the status. */
const startTime = millis(2);
const isCopying = 0b1;
const isMeasuring = 0b1000;
/** Oversampling × 1 of temperature and pressure, and one measurement: osrs_t, osrs_p, mode. */
const measureOnce = 0b001_001_01;
const humidityOnce = 0b001;
/** t_measure,max with all of them once (section 9.1): 1.25 + 2.3 + 2.3 + 0.575 + 2.3 + 0.575 ms. */
const measureTime = millis(9.3);
const lateTime = millis(1);
/** What a channel holds that was not measured (section 5.4). */
const skipped = { pressure: 0x80000, humidity: 0x8000 } as const;

export interface Trim {
  /** dig_T1 … dig_T3 at 0 … 2. */
  readonly temperature: readonly number[];
  readonly pressure: readonly number[];
  readonly humidity: readonly number[];
}

export function bme280(): Sensor {
  let trim: Trim | undefined;
  return {
    *begin(chip) {
      expectIdentity(chip, register.id, [identity], "BME280");
      chip.write(register.reset, resetWord);
      yield startTime;
      while (((chip.read(register.status, 1)[0] ?? 0) & isCopying) !== 0) yield lateTime;
      trim = readTrim(chip);
      chip.write(register.config, 0);
      // Changes of it hold from the next write to ctrl_meas.
      chip.write(register.ctrlHum, humidityOnce);
    },
    *measure(chip): Steps<Readings> {
      if (trim === undefined) throw new Error("the BME280 was not set up");
      chip.write(register.ctrlMeas, measureOnce);
      yield measureTime;
      while (((chip.read(register.status, 1)[0] ?? 0) & isMeasuring) !== 0) yield lateTime;
      return compensated(chip.read(register.data, 8), trim);
    },
  };
}

function readTrim(chip: Registers): Trim {
  const low = chip.read(register.trim, 24);
  const [h1 = 0] = chip.read(register.trimH1, 1);
  const high = chip.read(register.trimH2, 7);
  const view = new DataView(low.buffer, low.byteOffset, low.byteLength);
  const words = Array.from({ length: 12 }, (_, index) =>
    // The first of temperature and of pressure have no sign.
    index === 0 || index === 3 ? view.getUint16(2 * index, true) : view.getInt16(2 * index, true),
  );
  const at = (index: number): number => high[index] ?? 0;
  const signed8 = (value: number): number => (value << 24) >> 24;
  return {
    temperature: words.slice(0, 3),
    pressure: words.slice(3, 12),
    humidity: [
      h1,
      ((at(1) << 24) >> 16) | at(0),
      at(2),
      // Twelve bits each, which share a byte.
      (signed8(at(3)) << 4) | (at(4) & 0x0f),
      (signed8(at(5)) << 4) | (at(4) >> 4),
      signed8(at(6)),
    ],
  };
}

/** `data`: press_msb … hum_lsb. Throws when something was not measured: such numbers look like weather. */
export function compensated(data: Uint8Array, trim: Trim): Readings {
  const at = (index: number): number => data[index] ?? 0;
  const twenty = (index: number): number => (at(index) << 12) | (at(index + 1) << 4) | (at(index + 2) >> 4);
  const raw = { pressure: twenty(0), temperature: twenty(3), humidity: (at(6) << 8) | at(7) };
  if (
    raw.temperature === skipped.pressure ||
    raw.pressure === skipped.pressure ||
    raw.humidity === skipped.humidity
  ) {
    throw new Error("the BME280 has not measured");
  }
  const fine = fineTemperature(raw.temperature, trim.temperature);
  return {
    temperature: fine / 5120,
    pressure: pressureOf(raw.pressure, fine, trim.pressure) / 100,
    humidity: humidityOf(raw.humidity, fine, trim.humidity),
  };
}

function fineTemperature(raw: number, [t1 = 0, t2 = 0, t3 = 0]: readonly number[]): number {
  const first = (raw / 16_384 - t1 / 1024) * t2;
  const second = (raw / 131_072 - t1 / 8192) ** 2 * t3;
  return first + second;
}

/** In Pa. */
function pressureOf(raw: number, fine: number, trim: readonly number[]): number {
  const [p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, p8 = 0, p9 = 0] = trim;
  const half = fine / 2 - 64_000;
  const bend = (half * half * p6) / 32_768 + half * p5 * 2;
  const offset = bend / 4 + p4 * 65_536;
  const slope = (1 + ((p3 * half * half) / 524_288 + p2 * half) / 524_288 / 32_768) * p1;
  if (slope === 0) throw new Error("the BME280 has lost its trim values");
  const pressure = ((1_048_576 - raw - offset / 4096) * 6250) / slope;
  return pressure + ((p9 * pressure * pressure) / 2_147_483_648 + (pressure * p8) / 32_768 + p7) / 16;
}

/** In percent. */
function humidityOf(raw: number, fine: number, trim: readonly number[]): number {
  const [h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0] = trim;
  const warm = fine - 76_800;
  const linear =
    (raw - (h4 * 64 + (h5 / 16_384) * warm)) *
    ((h2 / 65_536) * (1 + (h6 / 67_108_864) * warm * (1 + (h3 / 67_108_864) * warm)));
  return Math.min(100, Math.max(0, linear * (1 - (h1 * linear) / 524_288)));
}
