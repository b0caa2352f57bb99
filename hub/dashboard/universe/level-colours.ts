/** What a level looks like: the 256 colours of a grid, from nothing to full. */

/** `#rrggbb` as red, green and blue; black when it is none. */
export function channelsOf(colour: string): readonly [number, number, number] {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  const part = (index: number): number => Number.parseInt(match?.[index] ?? "0", 16);
  return [part(1), part(2), part(3)];
}

/**
 * RGBA of every level, 1,024 bytes. Level 1 is seen clearly apart from 0: a lamp that should be dark and glows is what
 * people look for. Steps are even to the eye, not to the number.
 */
export function levelColours(none: string, least: string, full: string): Uint8ClampedArray {
  const colours = new Uint8ClampedArray(256 * 4);
  const from = channelsOf(least);
  const to = channelsOf(full);
  for (let level = 0; level < 256; level++) {
    const share = ((level - 1) / 254) ** 0.8;
    const colour = level === 0 ? channelsOf(none) : mixed(from, to, share);
    colours.set([...colour, 255], level * 4);
  }
  return colours;
}

function mixed(
  from: readonly [number, number, number],
  to: readonly [number, number, number],
  share: number,
): number[] {
  return [0, 1, 2].map((index) => (from[index] ?? 0) + ((to[index] ?? 0) - (from[index] ?? 0)) * share);
}

/** Writes the pixels of a grid: one a channel, transparent where the universe is shorter. */
export function paintLevels(pixels: Uint8ClampedArray, slots: Uint8Array, colours: Uint8ClampedArray): void {
  pixels.fill(0);
  const count = Math.min(slots.length, pixels.length / 4);
  for (let slot = 0; slot < count; slot++) {
    const colour = (slots[slot] ?? 0) * 4;
    for (let part = 0; part < 4; part++) pixels[slot * 4 + part] = colours[colour + part] ?? 0;
  }
}
