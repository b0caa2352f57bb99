/** A source of chance that a shell hands to a core. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/**
 * A seeded source (SplitMix32): the same seed gives the same numbers on every machine.
 * For simulation and plausible demo data, not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      mixed ^= mixed >>> 15;
      return (mixed >>> 0) / 2 ** 32;
    },
  };
}
