/** The MPU-6050 on a board's bus: its readings, and whether they can be believed. */
import type { Firmata } from "firmata-io";
import five, { type Board } from "johnny-five";
import { ChipWatch } from "./chip-watch.ts";
import type { Words } from "./devices.ts";
import { chipLookEvery } from "./limits.ts";
import type { Output } from "./settings.ts";

export type ImuOutput = Output & { readonly device: "imu" };

export interface OpenBoard {
  readonly board: Board;
  readonly io: Firmata;
}

/** Where johnny-five looks for it, what it reads there, and how it is woken: of the data sheet. */
const address = 0x68;
const firstReading = 0x3b;
const wakeUp = [0x6b, 0];
const part = "MPU-6050";
const lostWords = `the MPU-6050 does not answer: is its cable plugged in? It is set up anew when it does`;

/**
 * One chip has many readings: it is set up once. Its own event waits until each of its parts has changed, which a chip at
 * rest never does; so we look at its pace, while it is well.
 */
export function listenToMotion(
  { board, io }: OpenBoard,
  outputs: readonly (readonly [string, ImuOutput])[],
  words: Words,
): void {
  const watch = new ChipWatch({
    wake: () => io.i2cWrite(address, wakeUp),
    lost() {
      words.worse(part, lostWords);
      for (const [name] of outputs) words.stale(name);
    },
    back: () => words.well(part),
  });
  io.on("string", (text: string) => watch.said(text));
  const imus = new Map<number, InstanceType<typeof five.IMU>>();
  for (const [name, { controller, freq, reading }] of outputs) {
    const imu = imus.get(freq) ?? new five.IMU({ board, controller, freq });
    imus.set(freq, imu);
    setInterval(() => {
      if (watch.isWell) words.give(name, valueOf(imu, reading));
    }, freq);
  }
  // After johnny-five, which has then taken the answer.
  io.on(`I2C-reply-${address}-${firstReading}`, (bytes: readonly number[]) => watch.answered(bytes));
  setInterval(() => watch.look(), chipLookEvery);
}

function valueOf(imu: InstanceType<typeof five.IMU>, reading: ImuOutput["reading"]): number {
  const [what, axis] = reading.split("-");
  if (what === "temperature") return imu.thermometer.celsius;
  const { x, y, z } = what === "acceleration" ? imu.accelerometer : imu.gyro.rate;
  return axis === "x" ? x : axis === "y" ? y : z;
}
