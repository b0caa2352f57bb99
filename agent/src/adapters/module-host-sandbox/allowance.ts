/** So many of something in a second, and so many at once after a pause. Who takes more waits. */
export class Allowance {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #at: number;

  /** `at` and all later times: ms of one clock. */
  constructor(perSecond: number, burst: number, at: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(burst, 1);
    this.#left = this.#burst;
    this.#at = at;
  }

  /** Until the next one is allowed, in ms; 0: now. */
  wait(at: number): number {
    this.#left = Math.min(this.#burst, this.#left + ((at - this.#at) / 1000) * this.#perSecond);
    this.#at = at;
    return this.#left >= 0 ? 0 : (-this.#left / this.#perSecond) * 1000;
  }

  /** May go below nothing: the next one waits for it. */
  use(amount: number): void {
    this.#left -= amount;
  }
}
