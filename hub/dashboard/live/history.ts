/** What a value was over the last minutes: least, most and last of every step, in memory that never grows. */
import { historyStep, historySteps } from "./limits.ts";

/** One step that held a sample. Times in ms of the site's clock. */
export type VisitStep = (at: number, low: number, high: number, last: number) => void;

export class History {
  readonly #low = new Float64Array(historySteps).fill(Number.NaN);
  readonly #high = new Float64Array(historySteps).fill(Number.NaN);
  readonly #last = new Float64Array(historySteps).fill(Number.NaN);
  /** Number of the newest step since 1970; −1 while there is none. */
  #newest = -1;

  /** Keeps a sample; one that is older than the history is passed over. */
  add(at: number, value: number): void {
    const step = Math.floor(at / historyStep);
    if (!Number.isFinite(value) || step < 0 || step <= this.#newest - historySteps) return;
    if (step > this.#newest) this.#moveTo(step);
    const slot = step % historySteps;
    const low = this.#low[slot] ?? Number.NaN;
    const high = this.#high[slot] ?? Number.NaN;
    // NaN compares false with everything, so an empty step takes the value.
    this.#low[slot] = low <= value ? low : value;
    this.#high[slot] = high >= value ? high : value;
    this.#last[slot] = value;
  }

  /** Visits the steps with samples from `from` on, oldest first. */
  visit(from: number, visit: VisitStep): void {
    const oldest = Math.max(this.#newest - historySteps + 1, Math.floor(from / historyStep), 0);
    for (let step = oldest; step <= this.#newest; step++) {
      const slot = step % historySteps;
      const last = this.#last[slot] ?? Number.NaN;
      if (Number.isNaN(last)) continue;
      visit(step * historyStep, this.#low[slot] ?? last, this.#high[slot] ?? last, last);
    }
  }

  /** The last value before `at` that is still kept: what a line shows at its beginning. */
  before(at: number): number | undefined {
    const oldest = Math.max(this.#newest - historySteps + 1, 0);
    for (let step = Math.min(Math.floor(at / historyStep) - 1, this.#newest); step >= oldest; step--) {
      const last = this.#last[step % historySteps] ?? Number.NaN;
      if (!Number.isNaN(last)) return last;
    }
    return undefined;
  }

  /** The time of the oldest step with a sample. */
  oldest(): number | undefined {
    const first = Math.max(this.#newest - historySteps + 1, 0);
    for (let step = first; step <= this.#newest; step++) {
      if (!Number.isNaN(this.#last[step % historySteps] ?? Number.NaN)) return step * historyStep;
    }
    return undefined;
  }

  #moveTo(step: number): void {
    const first = Math.max(this.#newest + 1, step - historySteps + 1);
    for (let each = first; each <= step; each++) {
      const slot = each % historySteps;
      this.#low[slot] = Number.NaN;
      this.#high[slot] = Number.NaN;
      this.#last[slot] = Number.NaN;
    }
    this.#newest = step;
  }
}
