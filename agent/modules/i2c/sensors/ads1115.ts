/**
 * Texas Instruments ADS1115: four voltages of 16 bits. One conversion after the other, at 128 a second, each started by
 * a write (data sheet SBAS444, section 9.6).
 */
import { millis } from "@interactor/shared/sdk/define-module";
import { type Readings, type Registers, type Sensor, signed16, type Steps } from "./registers.ts";

const register = { conversion: 0, config: 1 } as const;

/** Full scale in volts, by the bits that choose it. */
export const gains = { 6.144: 0, 4.096: 1, 2.048: 2, 1.024: 3, 0.512: 4, 0.256: 5 } as const;
export type FullScale = keyof typeof gains;

/** Against ground, or between two. */
export const channels = {
  a0: 4,
  a1: 5,
  a2: 6,
  a3: 7,
  "a0-a1": 0,
  "a0-a3": 1,
  "a1-a3": 2,
  "a2-a3": 3,
} as const;
export type Channel = keyof typeof channels;

const startOrReady = 0x8000;
const single = 0x0100;
const rate128 = 0b100 << 5;
const noComparator = 0b11;
/** A conversion at 128 a second, ten per cent late (its oscillator may be). */
const conversionTime = millis(8.6);
const lateTime = millis(1);

export function ads1115(wanted: readonly Channel[], fullScale: FullScale): Sensor {
  const configOf = (channel: Channel): number =>
    startOrReady | (channels[channel] << 12) | (gains[fullScale] << 9) | single | rate128 | noComparator;
  return {
    // It has no word for who it is: what it was told has to stand where it was written.
    *begin(chip) {
      const [first = "a0"] = wanted;
      const config = configOf(first);
      write16(chip, config);
      yield conversionTime;
      const kept = read16(chip, register.config) & ~startOrReady;
      if (kept !== (config & ~startOrReady))
        throw new Error("this is no ADS1115: it does not keep what it is told");
    },
    *measure(chip): Steps<Readings> {
      const readings: Record<string, number> = {};
      for (const channel of wanted) {
        write16(chip, configOf(channel));
        yield conversionTime;
        while ((read16(chip, register.config) & startOrReady) === 0) yield lateTime;
        readings[channel] = (signed16(chip.read(register.conversion, 2), 0) * fullScale) / 32_768;
      }
      return readings;
    },
  };
}

const write16 = (chip: Registers, value: number): void =>
  chip.write(register.config, value >> 8, value & 0xff);

function read16(chip: Registers, at: number): number {
  const [high = 0, low = 0] = chip.read(at, 2);
  return (high << 8) | low;
}
