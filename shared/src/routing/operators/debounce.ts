/**
 * `debounce`: a value passes once it has stood for the span. Another one begins the wait anew, an equal one does not;
 * a return to what passed last ends it. So no value passes that did not stand, and none twice in a row; the first one
 * waits too.
 */
import { type Instant, later, type Millis } from "../../kernel/units.ts";
import { isSame, type Value } from "../../wire/value.ts";
import type { Sample } from "../sample.ts";
import { type Give, kept, type Stage } from "./stage.ts";

export class Debounce implements Stage {
  readonly #span: Millis;
  #passed: { readonly value: Value } | undefined;
  #waiting: { readonly sample: Sample; readonly came: Instant } | undefined;

  constructor(span: Millis) {
    this.#span = span;
  }

  get due(): Instant | undefined {
    return this.#waiting === undefined ? undefined : later(this.#waiting.came, this.#span);
  }

  take(sample: Sample, at: Instant): undefined {
    const { value } = sample;
    if (this.#waiting !== undefined && isSame(this.#waiting.sample.value, value)) return;
    const isReturn = this.#passed !== undefined && isSame(this.#passed.value, value);
    this.#waiting = isReturn ? undefined : { sample, came: at };
  }

  wake(at: Instant, give: Give): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#passed = { value: waiting.sample.value };
    give(kept(waiting.sample, waiting.came, at), at);
  }
}
