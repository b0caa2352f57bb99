/**
 * How long values take to where a route leads, beside what its budget allows. Measured from a reading's stamp until it
 * is handed over where the route runs: to the input on its node, to the queue of the node on the hub. Nothing is held
 * to it: what takes longer is counted.
 */
import type { Millis } from "../kernel/units.ts";

/** Values of which the 99th percentile is taken. More: evict the oldest. */
const valuesMax = 256;

export interface BudgetReport {
  readonly budgetMs: number;
  /** Of the last values; 99 of 100 take no longer. */
  readonly p99Ms: number;
  /** Values since the route is in place that took longer than the budget. */
  readonly over: number;
}

export class BudgetMeter {
  readonly #budget: Millis;
  readonly #last: number[] = [];
  #next = 0;
  #over = 0;

  constructor(budget: Millis) {
    this.#budget = budget;
  }

  /** A value took so long, in ms. A stamp from the future has seen another clock and counts as no time at all. */
  note(took: number): void {
    const span = Math.max(took, 0);
    if (span > this.#budget) this.#over += 1;
    this.#last[this.#next] = span;
    this.#next = (this.#next + 1) % valuesMax;
  }

  /** `undefined` before the first value. */
  report(): BudgetReport | undefined {
    const sorted = this.#last.toSorted((left, right) => left - right);
    const p99Ms = sorted[Math.ceil(sorted.length * 0.99) - 1];
    return p99Ms === undefined ? undefined : { budgetMs: this.#budget, p99Ms, over: this.#over };
  }
}
