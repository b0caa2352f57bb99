import type { Clock } from "../kernel/clock.ts";
import { seconds } from "../kernel/units.ts";

/** What could not be read is logged at most this often. */
const logInterval = seconds(60);
/** How much of what could not be read is shown in the log, in characters. */
const exampleLengthMax = 80;

/**
 * Writes down what went wrong with what a device says: the first time at once, then at most once a minute, with a
 * count for each reason and one example. A device with the wrong baud rate must not fill the log.
 */
export class Complaints<Reason extends string> {
  readonly #clock: Clock;
  readonly #write: (message: string) => void;
  readonly #counts = new Map<Reason, number>();
  #example = "";
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, write: (message: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(reason: Reason, example: string): void {
    if (this.#counts.size === 0) this.#example = example;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (this.#cancel === undefined) this.#flush();
  }

  stop(): void {
    this.#cancel?.();
  }

  #flush(): void {
    this.#cancel = undefined;
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts].map(([reason, count]) => `${reason} ${count}×`).join(", ");
    this.#write(`${counts}; such as ${shortened(this.#example)}`);
    this.#counts.clear();
    this.#cancel = this.#clock.after(logInterval, () => this.#flush());
  }
}

/** In quotes, control characters escaped. */
const shortened = (text: string): string =>
  JSON.stringify(text.length > exampleLengthMax ? `${text.slice(0, exampleLengthMax)}…` : text);
