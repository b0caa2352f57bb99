/**
 * ST VL53L0X: distance by time of flight. ST documents no registers, only a program that uses them and, in UM2039, what it
 * does: what stands here is what that program does for a single measurement, with its reference calibration. That is the
 * reference array, of which the factory says how many cells do, and then voltage and phase, which the chip finds itself.
 * The long tables of tuning, which gain some accuracy at the far end, are left out.
 */
import { millis } from "@interactor/shared/sdk/define-module";
import { referenceCells } from "./vl53l0x-cells.ts";
import { expectIdentity, type Readings, type Registers, type Sensor, type Steps } from "./registers.ts";

const register = {
  start: 0x00,
  sequence: 0x01,
  interruptConfig: 0x0a,
  interruptClear: 0x0b,
  interruptStatus: 0x13,
  rangeStatus: 0x14,
  signalLimit: 0x44,
  limitChecks: 0x60,
  pinPolarity: 0x84,
  standby: 0x88,
  stopVariable: 0x91,
  cells: 0xb0,
  firstCell: 0xb6,
  identity: 0xc0,
} as const;
/** Of the page that it shows when `page` is 1. */
const cellCount = 0x4e;
const cellOffset = 0x4f;
const identity = 0xee;
const newSampleReady = 0x04;
const readyMask = 0x07;
/** The checks of the signal before the range itself: what these refuse, the last one judges better. */
const earlyChecks = 0x12;
/** 0.25 million counts a second, in steps of 1/128: less light than that is no target. */
const signalLimit = 32;
/** Steps of a measurement: the cells, a first range and the range. */
const measuring = 0xe8;
/** One step alone: the voltage of the cells, then the phase of the light; and how each is started. */
const voltage = { sequence: 0x01, start: 0x41 } as const;
const phase = { sequence: 0x02, start: 0x01 } as const;
/** The reference cells that are counted from there. */
const referenceStart = 0xb4;
/** A measurement takes 33 ms with the settings of the factory. */
const measureTime = millis(30);
const lateTime = millis(5);
/** What was asked of its own memory or of a calibration is there after some milliseconds. */
const askedTime = millis(2);
/** Bits 3 to 6 of the status: 11 is a good one. */
const rangeIsValid = 11;
/** What it gives when nothing is there. */
const nothingThere = 8190;

export function vl53l0x(): Sensor {
  let stopVariable: number | undefined;
  return {
    *begin(chip): Steps<void> {
      // Whoever was interrupted here before left it on another page, where it does not say who it is.
      chip.write(page, 0);
      chip.write(power, 0);
      expectIdentity(chip, register.identity, [identity], "VL53L0X");
      chip.write(register.standby, 0);
      unlocked(chip, () => {
        [stopVariable = 0] = chip.read(register.stopVariable, 1);
      });
      setBits(chip, register.limitChecks, earlyChecks);
      chip.write(register.signalLimit, signalLimit >> 8, signalLimit & 0xff);
      yield* useReferenceCells(chip);
      chip.write(register.interruptConfig, newSampleReady);
      const [polarity = 0] = chip.read(register.pinPolarity, 1);
      chip.write(register.pinPolarity, polarity & ~0x10);
      chip.write(register.interruptClear, 1);
      for (const step of [voltage, phase]) {
        chip.write(register.sequence, step.sequence);
        chip.write(register.start, step.start);
        yield* ready(chip, askedTime);
        chip.write(register.interruptClear, 1);
        chip.write(register.start, 0);
      }
      chip.write(register.sequence, measuring);
    },
    *measure(chip): Steps<Readings> {
      if (stopVariable === undefined) throw new Error("the VL53L0X was not set up");
      const variable = stopVariable;
      const [sequence = 0] = chip.read(register.sequence, 1);
      if (sequence !== measuring) throw new Error("the VL53L0X has lost its settings");
      unlocked(chip, () => chip.write(register.stopVariable, variable));
      chip.write(register.start, 1);
      yield* ready(chip, measureTime);
      const data = chip.read(register.rangeStatus, 12);
      chip.write(register.interruptClear, 1);
      const distance = ((data[10] ?? 0) << 8) | (data[11] ?? 0);
      const isGood = (((data[0] ?? 0) >> 3) & 0x0f) === rangeIsValid && distance < nothingThere;
      return isGood ? { distance, "in-range": 1 } : { "in-range": 0 };
    },
  };
}

/** Waits for what was started; who follows the steps bounds how often. */
function* ready(chip: Registers, usual: typeof measureTime): Steps<void> {
  yield usual;
  while (((chip.read(register.interruptStatus, 1)[0] ?? 0) & readyMask) === 0) yield lateTime;
}

/** As many of the reference cells that work as the factory has found to be right for this chip. */
function* useReferenceCells(chip: Registers): Steps<void> {
  const { count, isAperture } = yield* factoryCells(chip);
  const working = chip.read(register.cells, 6);
  chip.write(page, 1);
  chip.write(cellOffset, 0);
  chip.write(cellCount, 0x2c);
  chip.write(page, 0);
  chip.write(register.firstCell, referenceStart);
  chip.write(register.cells, ...referenceCells(working, { count, isAperture }));
}

const page = 0xff;
const power = 0x80;

/** Asked of the chip's own memory, which it opens on two of its pages. */
function* factoryCells(chip: Registers): Steps<{ readonly count: number; readonly isAperture: boolean }> {
  const strobe = 0x83;
  chip.write(power, 1);
  chip.write(page, 1);
  chip.write(0x00, 0);
  chip.write(page, 6);
  setBits(chip, strobe, 0x04);
  chip.write(page, 7);
  chip.write(0x81, 1);
  chip.write(power, 1);
  chip.write(0x94, 0x6b);
  chip.write(strobe, 0);
  do yield askedTime;
  while ((chip.read(strobe, 1)[0] ?? 0) === 0);
  chip.write(strobe, 1);
  const [told = 0] = chip.read(0x92, 1);
  chip.write(0x81, 0);
  chip.write(page, 6);
  const [opened = 0] = chip.read(strobe, 1);
  chip.write(strobe, opened & ~0x04);
  chip.write(page, 1);
  chip.write(0x00, 1);
  chip.write(page, 0);
  chip.write(power, 0);
  return { count: told & 0x7f, isAperture: (told & 0x80) !== 0 };
}

function setBits(chip: Registers, at: number, bits: number): void {
  const [held = 0] = chip.read(at, 1);
  chip.write(at, held | bits);
}

/** Registers of another page, which it shows only then. */
function unlocked(chip: Registers, use: () => void): void {
  chip.write(power, 1);
  chip.write(page, 1);
  chip.write(0x00, 0);
  use();
  chip.write(0x00, 1);
  chip.write(page, 0);
  chip.write(power, 0);
}
