/** What a driver sees of its chip: registers, each a byte, some of them in a row. */
import type { Millis } from "@interactor/shared/sdk/define-module";

export interface Registers {
  /** At most 32 bytes. Throws when nobody answers. */
  read(register: number, length: number): Uint8Array;
  write(register: number, ...bytes: readonly number[]): void;
}

/** Values by the names of outputs, in the units that the settings declare. */
export type Readings = Readonly<Record<string, number>>;

/** What a driver does, with pauses for as long as the chip needs. It never waits itself. */
export type Steps<Result> = Generator<Millis, Result, void>;

export interface Sensor {
  /** Asks the chip who it is and sets it up. Throws with words when it is another one. */
  begin(chip: Registers): Steps<void>;
  measure(chip: Registers): Steps<Readings>;
}

export const signed16 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt16(at);

export const hex = (value: number): string => `0x${value.toString(16).padStart(2, "0")}`;

/** Throws with words for whoever has to look at the cable. */
export function expectIdentity(
  chip: Registers,
  register: number,
  wanted: readonly number[],
  name: string,
): number {
  const [found = 0] = chip.read(register, 1);
  if (wanted.includes(found)) return found;
  throw new Error(
    `this is no ${name}: register ${hex(register)} holds ${hex(found)}, not ${hex(wanted[0] ?? 0)}`,
  );
}
