/**
 * ST VL53L0X: distance by time of flight. ST documents no registers, only a program that uses them: what stands here is
 * what that program writes for a single measurement with the settings of the factory. Its long tables of tuning, which
 * gain some accuracy at the far end, are left out.
 */
import { millis } from "@interactor/shared/sdk/define-module";
import { expectIdentity, type Readings, type Registers, type Sensor, type Steps } from "./registers.ts";

const register = {
  start: 0x00,
  interruptConfig: 0x0a,
  interruptClear: 0x0b,
  interruptStatus: 0x13,
  rangeStatus: 0x14,
  pinPolarity: 0x84,
  standby: 0x88,
  stopVariable: 0x91,
  identity: 0xc0,
} as const;
const identity = 0xee;
const newSampleReady = 0x04;
const readyMask = 0x07;
/** A measurement takes 33 ms with the settings of the factory. */
const measureTime = millis(30);
const lateTime = millis(5);
/** Bits 3 to 6 of the status: 11 is a good one. */
const rangeIsValid = 11;
/** What it gives when nothing is there. */
const nothingThere = 8190;

export function vl53l0x(): Sensor {
  let stopVariable: number | undefined;
  return {
    // oxlint-disable-next-line require-yield -- It is ready as soon as it has power.
    *begin(chip): Steps<void> {
      expectIdentity(chip, register.identity, [identity], "VL53L0X");
      chip.write(register.standby, 0);
      unlocked(chip, () => {
        [stopVariable = 0] = chip.read(register.stopVariable, 1);
      });
      chip.write(register.interruptConfig, newSampleReady);
      const [polarity = 0] = chip.read(register.pinPolarity, 1);
      chip.write(register.pinPolarity, polarity & ~0x10);
      chip.write(register.interruptClear, 1);
    },
    *measure(chip): Steps<Readings> {
      if (stopVariable === undefined) throw new Error("the VL53L0X was not set up");
      const variable = stopVariable;
      unlocked(chip, () => chip.write(register.stopVariable, variable));
      chip.write(register.start, 1);
      yield measureTime;
      while (((chip.read(register.interruptStatus, 1)[0] ?? 0) & readyMask) === 0) yield lateTime;
      const data = chip.read(register.rangeStatus, 12);
      chip.write(register.interruptClear, 1);
      const distance = ((data[10] ?? 0) << 8) | (data[11] ?? 0);
      const isGood = (((data[0] ?? 0) >> 3) & 0x0f) === rangeIsValid && distance < nothingThere;
      return isGood ? { distance, "in-range": 1 } : { "in-range": 0 };
    },
  };
}

/** Registers of another page, which it shows only then. */
function unlocked(chip: Registers, use: () => void): void {
  chip.write(0x80, 1);
  chip.write(0xff, 1);
  chip.write(0x00, 0);
  use();
  chip.write(0x00, 1);
  chip.write(0xff, 0);
  chip.write(0x80, 0);
}
