/** All chance of a simulated world, from one seed. */
import { type Random, seededRandom } from "@interactor/shared/kernel/random";
import { sessionBytes, type Session, sessionOf } from "@interactor/shared/wire/session";

export class Chance implements Random {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(): number {
    return this.#random.next();
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Each>(choices: readonly Each[]): Each {
    const chosen = choices[this.below(choices.length)];
    if (chosen === undefined) throw new RangeError("nothing to choose from");
    return chosen;
  }

  session(): Session {
    return sessionOf(Uint8Array.from({ length: sessionBytes }, () => this.below(256)));
  }

  /** Another source, so that what is drawn of one does not change what comes of the other. */
  fork(): Chance {
    return new Chance(this.below(2 ** 32));
  }
}
