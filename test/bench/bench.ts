/** What every bench is, and what it gives: rows of numbers that were measured, and none that were not. */

export interface Row {
  readonly bench: string;
  /** What was measured: a part of ours, or what stands beside it. */
  readonly subject: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many values the three come from. */
  readonly runs: number;
}

export interface BenchContext {
  /** Somebody wants us to end, or our time is up. */
  readonly signal: AbortSignal;
  /** One line for whoever waits. */
  progress(text: string): void;
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  run(context: BenchContext): Promise<readonly Row[]>;
}

/** One value a run, under what they are values of. Rows come in the order in which they were first added to. */
export class Samples {
  readonly #bench: string;
  readonly #series = new Map<
    string,
    Pick<Row, "subject" | "metric" | "unit"> & { readonly values: number[] }
  >();

  constructor(bench: string) {
    this.#bench = bench;
  }

  add(subject: string, metric: string, unit: string, value: number): void {
    if (!Number.isFinite(value)) throw new Error(`${subject}, ${metric}: ${value} is no measurement`);
    const key = JSON.stringify([subject, metric, unit]);
    const series = this.#series.get(key) ?? { subject, metric, unit, values: [] };
    this.#series.set(key, series);
    series.values.push(value);
  }

  rows(): readonly Row[] {
    return [...this.#series.values()].map(({ values, ...what }) => ({
      bench: this.#bench,
      ...what,
      ...summarise(values),
    }));
  }
}

/** Throws when there is nothing to summarise. */
export function summarise(values: readonly number[]): Pick<Row, "median" | "min" | "max" | "runs"> {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error("no value, no median");
  return (lower + upper) / 2;
}

/** The smallest value that at least `share` of all (0 to 1) do not exceed: the nearest rank, never in between. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
  if (found === undefined) throw new Error("no value, no percentile");
  return found;
}
