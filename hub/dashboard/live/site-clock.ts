/**
 * The site's clock, as far as a page can know it. A phone may be minutes off the hub; ages and remaining times
 * are reckoned in the hub's time. Each metric of the hub carries that time and took a while to come, so the
 * smallest difference of the last ones is the nearest to the truth.
 */
import { clockSamples } from "./limits.ts";

export class SiteClock {
  readonly #wall: () => number;
  readonly #offsets: number[] = [];
  #offset = 0;

  /** `wall` tells this machine's time in ms since 1970. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** Ms since 1970 by the site's clock; by this machine's until the hub was heard. */
  now(): number {
    return this.#wall() - this.#offset;
  }

  /** The hub says that it is `at` (ms since 1970). */
  hear(at: number): void {
    this.#offsets.push(this.#wall() - at);
    if (this.#offsets.length > clockSamples) this.#offsets.shift();
    this.#offset = Math.min(...this.#offsets);
  }
}
