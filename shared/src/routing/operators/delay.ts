/**
 * `delay`: every value passes so much later, in the order in which it came. What waits is bounded in number and in
 * bytes: the oldest gives way to a new one, and that is told.
 */
import { type Instant, later, type Millis } from "../../kernel/units.ts";
import { Fifo } from "../../wire/fifo.ts";
import { delayedBytesMax, delayedValuesMax } from "../../wire/limits.ts";
import { bytesOfValue } from "../../wire/value.ts";
import type { Sample } from "../sample.ts";
import { type Give, kept, type Stage } from "./stage.ts";

interface Waiting {
  readonly sample: Sample;
  readonly came: Instant;
  readonly bytes: number;
}

export class Delay implements Stage {
  readonly #span: Millis;
  readonly #waiting = new Fifo<Waiting>();
  #bytes = 0;

  constructor(span: Millis) {
    this.#span = span;
  }

  get due(): Instant | undefined {
    const first = this.#waiting.peek();
    return first === undefined ? undefined : later(first.came, this.#span);
  }

  take(sample: Sample, at: Instant): string | undefined {
    const bytes = bytesOfValue(sample.value);
    let evicted = 0;
    while (this.#waiting.length > 0 && !this.#hasRoomFor(bytes)) {
      this.#shift();
      evicted += 1;
    }
    this.#waiting.push({ sample, came: at, bytes });
    this.#bytes += bytes;
    if (evicted === 0) return undefined;
    return `more than ${delayedValuesMax} values or ${delayedBytesMax} bytes wait: the oldest gave way`;
  }

  wake(at: Instant, give: Give): void {
    const first = this.#shift();
    if (first !== undefined) give(kept(first.sample, first.came, at), at);
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#waiting.length < delayedValuesMax && this.#bytes + bytes <= delayedBytesMax;
  }

  #shift(): Waiting | undefined {
    const first = this.#waiting.shift();
    if (first !== undefined) this.#bytes -= first.bytes;
    return first;
  }
}
