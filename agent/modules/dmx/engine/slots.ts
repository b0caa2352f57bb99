/** Slots of a universe, ANSI E1.11. We always send all of them: a short frame makes some dimmers flicker. */
export const slotCount = 512;
/** The most a slot can hold. */
export const levelMax = 255;
/** Slot n is the raw input `ch<n>`. */
export const channelInput = "ch";

/** The number of a raw channel's slot, 0–511, from its name; `undefined` when it is no raw channel. */
export function slotOfChannel(name: string): number | undefined {
  const digits = /^ch([1-9]\d{0,2})$/.exec(name)?.[1];
  const slot = Number(digits ?? 0) - 1;
  return slot >= 0 && slot < slotCount ? slot : undefined;
}

/** Held inside a byte: what a Uint8Array does with 256 is turn a lamp off. */
export const levelOf = (value: number): number => Math.min(Math.max(Math.round(value), 0), levelMax);
