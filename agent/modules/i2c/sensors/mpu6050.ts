/**
 * InvenSense MPU-6050: acceleration, rotation and its own temperature (register map RM-MPU-6000A-00, revision 4.2).
 * All fourteen bytes are read at once, so that they are of one moment.
 */
import { millis } from "@interactor/shared/sdk/define-module";
import { expectIdentity, type Readings, type Sensor, signed16, type Steps } from "./registers.ts";

const register = {
  filter: 0x1a,
  gyro: 0x1b,
  acceleration: 0x1c,
  data: 0x3b,
  power: 0x6b,
  identity: 0x75,
} as const;
/**
 * The address of the part; its successors have others and the same registers, but a thermometer of another scale:
 * LSB a degree, and degrees at 0 (RM-MPU-6500A-00 and RM-MPU-9250A-00, TEMP_OUT; DS-000143 section 3.4).
 */
const thermometers: ReadonlyMap<number, { readonly perDegree: number; readonly zero: number }> = new Map([
  [0x68, { perDegree: 340, zero: 36.53 }],
  [0x70, { perDegree: 333.87, zero: 21 }],
  [0x71, { perDegree: 333.87, zero: 21 }],
  [0x73, { perDegree: 333.87, zero: 21 }],
  [0x98, { perDegree: 326.8, zero: 25 }],
]);
const resetBit = 0x80;
/** Awake, by the gyroscope's clock, which is steadier than its own (section 4.28). */
const byGyroClock = 0x01;
/** 44 Hz: what a body does, without the hum of its motors. */
const filter44 = 0x03;
const resetTime = millis(100);
const wakeTime = millis(50);
/** LSB per g and per degree a second, by full scale. */
const perGravity = { 2: 16_384, 4: 8192, 8: 4096, 16: 2048 } as const;
const perDegree = { 250: 131, 500: 65.5, 1000: 32.8, 2000: 16.4 } as const;
const rangeBits = { 2: 0, 4: 1, 8: 2, 16: 3, 250: 0, 500: 1, 1000: 2, 2000: 3 } as const;

export interface MotionRange {
  /** In g. */
  readonly acceleration: keyof typeof perGravity;
  /** In degrees a second. */
  readonly rotation: keyof typeof perDegree;
}

export function mpu6050({ acceleration, rotation }: MotionRange): Sensor {
  let thermometer = { perDegree: 340, zero: 36.53 };
  return {
    *begin(chip) {
      const identity = expectIdentity(chip, register.identity, [...thermometers.keys()], "MPU-6050");
      thermometer = thermometers.get(identity) ?? thermometer;
      chip.write(register.power, resetBit);
      yield resetTime;
      chip.write(register.power, byGyroClock);
      yield wakeTime;
      chip.write(register.filter, filter44);
      chip.write(register.gyro, rangeBits[rotation] << 3);
      chip.write(register.acceleration, rangeBits[acceleration] << 3);
    },
    // oxlint-disable-next-line require-yield -- The chip measures all the time: there is nothing to wait for.
    *measure(chip): Steps<Readings> {
      const [power = 0] = chip.read(register.power, 1);
      // A dip of the supply puts it to sleep, and it then gives the last values for ever.
      if (power !== byGyroClock) throw new Error("the MPU-6050 has fallen asleep");
      const data = chip.read(register.data, 14);
      const gravities = (at: number): number => signed16(data, at) / perGravity[acceleration];
      const degrees = (at: number): number => signed16(data, at) / perDegree[rotation];
      return {
        "acceleration-x": gravities(0),
        "acceleration-y": gravities(2),
        "acceleration-z": gravities(4),
        temperature: signed16(data, 6) / thermometer.perDegree + thermometer.zero,
        "rotation-x": degrees(8),
        "rotation-y": degrees(10),
        "rotation-z": degrees(12),
      };
    },
  };
}
