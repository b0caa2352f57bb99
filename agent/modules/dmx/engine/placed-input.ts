/**
 * An input over several slots, as fixtures have them: a number in its own unit over one to three slots, the coarse one
 * first, or a colour over three numbers. Pure.
 */
import type { Value } from "@interactor/shared/sdk/define-module";
import { levelMax } from "./slots.ts";

export interface PlacedNumber {
  readonly type: "float" | "int";
  /** 1–512, the coarse one first. */
  readonly slots: readonly number[];
  readonly min: number;
  readonly max: number;
  /** What the slots hold at `min` and at `max`, as one whole number; the first may be the larger. */
  readonly raw: readonly [number, number];
  /** A lamp at its `min` is off, also where its channel begins higher up. */
  readonly intensity?: boolean | undefined;
}

export interface PlacedColour {
  readonly type: "text";
  /** `cmy`: filters that take light away. */
  readonly colour: "rgb" | "cmy";
  /** Of red, green and blue. */
  readonly slots: readonly (readonly number[])[];
}

export type Placed = PlacedNumber | PlacedColour;

/** Its slots, 1–512, in the order of its levels. */
export const slotsOfPlaced = (placed: Placed): readonly number[] => placed.slots.flat();

/** Its slots by the numbers they are together. */
export const wholesOfPlaced = (placed: Placed): readonly (readonly number[])[] =>
  placed.type === "text" ? placed.slots : [placed.slots];

/** A level for each slot; `undefined`: that is no value of this input. */
export function levelsOfPlaced(placed: Placed, value: Value): readonly number[] | undefined {
  if (placed.type !== "text") return typeof value === "number" ? levelsOfNumber(placed, value) : undefined;
  const parts = typeof value === "string" ? colourOf(value) : undefined;
  return parts?.flatMap((part, index) => {
    const bytes = placed.slots[index]?.length ?? 0;
    const share = placed.colour === "cmy" ? 1 - part / levelMax : part / levelMax;
    return bytesOf(Math.round(share * (256 ** bytes - 1)), bytes);
  });
}

function levelsOfNumber(placed: PlacedNumber, value: number): readonly number[] {
  const { slots, min, max, raw, intensity } = placed;
  const [from, to] = raw;
  const share = max === min ? 0 : (Math.min(max, Math.max(min, value)) - min) / (max - min);
  const isOff = intensity === true && share === 0 && from <= to;
  return bytesOf(isOff ? 0 : Math.round(from + share * (to - from)), slots.length);
}

/** The highest byte first. */
function bytesOf(whole: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(whole / 256 ** (count - 1 - index)) % 256);
}

/** `#ff8000`, or short `#f80`, as numbers from 0 to 255. */
function colourOf(text: string): readonly number[] | undefined {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/iu.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const size = digits.length / 3;
  return [0, 1, 2].map((index) => {
    const part = digits.slice(index * size, (index + 1) * size);
    return Number.parseInt(size === 1 ? part + part : part, 16);
  });
}
