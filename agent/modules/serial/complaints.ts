import type { Clock } from "@interactor/shared/sdk/define-module";
import { exampleLengthMax, logInterval } from "./limits.ts";

/**
 * Writes down what went wrong with lines: the first time at once, then at most once a minute, with a count
 * for each reason and one example. A device with the wrong baud rate must not fill the log.
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

  add(reason: Reason, line: string): void {
    if (this.#counts.size === 0) this.#example = line;
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
const shortened = (line: string): string =>
  JSON.stringify(line.length > exampleLengthMax ? `${line.slice(0, exampleLengthMax)}…` : line);
