/**
 * `throttle`: at most one value in a span. The first passes at once; of those that come before the span is over the
 * last one passes when it is, and begins the next.
 */
import { type Instant, instant, later, type Millis } from "../../kernel/units.ts";
import type { Sample } from "../sample.ts";
import { type Give, kept, type Stage } from "./stage.ts";

export class Throttle implements Stage {
  readonly #span: Millis;
  #openAt = instant(Number.NEGATIVE_INFINITY);
  #held: { readonly sample: Sample; readonly came: Instant } | undefined;

  constructor(span: Millis) {
    this.#span = span;
  }

  get due(): Instant | undefined {
    return this.#held === undefined ? undefined : this.#openAt;
  }

  take(sample: Sample, at: Instant, give: Give): undefined {
    if (at < this.#openAt) {
      this.#held = { sample, came: at };
      return;
    }
    this.#openAt = later(at, this.#span);
    give(sample, at);
  }

  wake(at: Instant, give: Give): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#openAt = later(at, this.#span);
    give(kept(held.sample, held.came, at), at);
  }
}
