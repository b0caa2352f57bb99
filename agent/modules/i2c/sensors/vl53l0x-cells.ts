/**
 * The light-sensitive cells by which a VL53L0X measures what it sends out: 48 of them, a bit each, the lowest bit of the
 * first byte first. Those before the twelfth look out without an aperture, and are too bright for some.
 */

const firstWithAperture = 12;

export interface FactoryCells {
  readonly count: number;
  readonly isAperture: boolean;
}

/** Of the cells that work the first `count` of the kind that is wanted; throws when there are not as many. */
export function referenceCells(working: Uint8Array, { count, isAperture }: FactoryCells): Uint8Array {
  const chosen = new Uint8Array(working.length);
  const first = isAperture ? firstWithAperture : 0;
  let left = count;
  for (let cell = first; cell < working.length * 8 && left > 0; cell += 1) {
    const [byte, bit] = [cell >> 3, 1 << (cell & 7)];
    if (((working[byte] ?? 0) & bit) === 0) continue;
    chosen[byte] = (chosen[byte] ?? 0) | bit;
    left -= 1;
  }
  if (count > 0 && left === 0) return chosen;
  const kind = isAperture ? "with" : "without";
  throw new Error(
    `the VL53L0X says that it needs ${count} reference cells ${kind} aperture, and has not as many`,
  );
}
