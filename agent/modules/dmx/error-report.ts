/** Counts what fails at one output and says it in the log, but not at the rate of frames. Pure. */
import { between, type Instant, later, seconds } from "@interactor/shared/sdk/define-module";

/** A cable that is out fails 44 times a second. More often than this: report as a number in the next line. */
const logInterval = seconds(60);

export class ErrorReport {
  total = 0;
  #unsaid = 0;
  #quietUntil: Instant | undefined;

  /** Counts an error. Returns the line to log, if it is time for one. */
  count(reason: string, at: Instant): string | undefined {
    this.total += 1;
    if (this.#quietUntil !== undefined && between(this.#quietUntil, at) < 0) {
      this.#unsaid += 1;
      return undefined;
    }
    const line = this.#unsaid === 0 ? reason : `${reason} (and ${this.#unsaid} more since the last report)`;
    this.#unsaid = 0;
    this.#quietUntil = later(at, logInterval);
    return line;
  }
}
