import type { Clock } from "../kernel/clock.ts";
import { between, type Instant, millis, seconds } from "../kernel/units.ts";

/** Counters are given at most this often: a flood is counted, not passed on. */
const counterInterval = seconds(1);

/** Counts up and gives its count when it has changed, at most once a second; the last count is always given. */
export class PacedCounter {
  readonly #clock: Clock;
  readonly #give: (count: number) => void;
  #count = 0;
  #givenAt: Instant | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, give: (count: number) => void) {
    this.#clock = clock;
    this.#give = give;
  }

  add(): void {
    this.#count += 1;
    if (this.#cancel !== undefined) return;
    const since = this.#givenAt === undefined ? counterInterval : between(this.#givenAt, this.#clock.now());
    if (since >= counterInterval) this.#giveNow();
    else this.#cancel = this.#clock.after(millis(counterInterval - since), () => this.#giveNow());
  }

  stop(): void {
    this.#cancel?.();
  }

  #giveNow(): void {
    this.#cancel = undefined;
    this.#givenAt = this.#clock.now();
    this.#give(this.#count);
  }
}
