/** Slots that are one number together, as a position over two channels is: they fade as that number. Pure. */

/** By slot, counted from 0, the slots of its number, the coarse one first. */
export type Wholes = ReadonlyMap<number, readonly number[]>;

/** `given`: slots 1–512. */
export function wholesOf(given: readonly (readonly number[])[]): Wholes {
  const wholes = given.filter(({ length }) => length > 1).map((slots) => slots.map((slot) => slot - 1));
  return new Map(wholes.flatMap((slots) => slots.map((slot) => [slot, slots] as const)));
}

export const wholeOf = (slots: readonly number[], levelAt: (slot: number) => number): number =>
  slots.reduce((whole, slot) => whole * 256 + levelAt(slot), 0);

/** What one of the slots has of their number. */
export const byteOf = (whole: number, slots: readonly number[], slot: number): number =>
  Math.floor(whole / 256 ** (slots.length - 1 - slots.indexOf(slot))) % 256;
