/**
 * When to try the hub again: at once after a loss, spread over a second, then less and less often. With a large
 * fleet the hub says over how long its nodes shall spread, so that it is not run over by all of them at once.
 */
import type { Random } from "@interactor/shared/kernel/random";
import { between, type Instant, type Millis, millis, seconds } from "@interactor/shared/kernel/units";

/** The first attempt after a loss comes at random within this. */
export const firstSpan = seconds(1);
/** The longest wait between attempts, unless the hub asks for a wider spread. */
export const longestSpan = seconds(5);
/** The widest spread a hub may ask for. More: this. A node must not be sent away for the evening. */
export const spreadMax = seconds(60);
/**
 * A connection that lived this long has shown that all is well, and the next attempt is quick again. One that
 * is thrown out at once, by a second unit of its name, must slow down.
 */
export const provenAfter = seconds(10);

export class Reconnect {
  readonly #random: Random;
  #spread = millis(0);
  #attempts = 0;
  #upSince: Instant | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The hub has said over how long its nodes shall spread; `undefined`: it does not mind. */
  setSpread(spread: number | undefined): void {
    this.#spread = millis(Math.min(spread ?? 0, spreadMax));
  }

  up(at: Instant): void {
    this.#upSince = at;
  }

  /** The connection is gone, or an attempt has failed. How long to wait before the next one. */
  delayAfterLoss(at: Instant): Millis {
    if (this.#upSince !== undefined && between(this.#upSince, at) >= provenAfter) this.#attempts = 0;
    this.#upSince = undefined;
    this.#attempts += 1;
    const first = Math.max(firstSpan, this.#spread);
    if (this.#attempts === 1) return millis(this.#random.next() * first);
    const longest = Math.max(longestSpan, this.#spread);
    // The power is bounded, because a node may try for weeks.
    const span = Math.min(first * 2 ** Math.min(this.#attempts - 1, 10), longest);
    return millis(span * (1 - this.#random.next() / 2));
  }
}
