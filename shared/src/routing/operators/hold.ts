/**
 * `hold`: what is on stays on for the span after it went off. Off are false, 0, the empty text and nothing; all else
 * is on and passes at once, also while something is held. The span counts from the first value that is off, and the
 * latest of those that are off passes when it ends. What is off when nothing is held passes at once.
 */
import { type Instant, later, type Millis } from "../../kernel/units.ts";
import type { Value } from "../../wire/value.ts";
import type { Sample } from "../sample.ts";
import { type Give, kept, type Stage } from "./stage.ts";

const isOff = (value: Value): boolean => value === false || value === 0 || value === "" || value === null;

export class Hold implements Stage {
  readonly #span: Millis;
  #isOn = false;
  /** When it went off, and the latest value since. */
  #off: { readonly since: Instant; readonly sample: Sample; readonly came: Instant } | undefined;

  constructor(span: Millis) {
    this.#span = span;
  }

  get due(): Instant | undefined {
    return this.#off === undefined ? undefined : later(this.#off.since, this.#span);
  }

  take(sample: Sample, at: Instant, give: Give): undefined {
    if (this.#isOn && isOff(sample.value)) {
      this.#off = { since: this.#off?.since ?? at, sample, came: at };
      return;
    }
    this.#off = undefined;
    this.#isOn = !isOff(sample.value);
    give(sample, at);
  }

  wake(at: Instant, give: Give): void {
    const off = this.#off;
    if (off === undefined) return;
    this.#off = undefined;
    this.#isOn = false;
    give(kept(off.sample, off.came, at), at);
  }
}
