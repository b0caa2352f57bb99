/**
 * `window`: the average, least, greatest, number or rate of what came in the last span. A value is in it from when it
 * comes until a span later, that instant not included. Gives its result with each value that comes, and again when
 * one leaves and the result is another. An empty window counts 0; of nothing there is no average, so that stays.
 * The result is a state, whatever it is made of; its stamp and quality are those of the newest reading. `null` counts like
 * any other value; all that has no average of it empties the window, and it passes.
 */
import { unreachable } from "../../kernel/assert.ts";
import { type Instant, later, type Millis } from "../../kernel/units.ts";
import { windowReadingsMax } from "../../wire/limits.ts";
import type { Aggregate } from "../../wire/messages/operator.ts";
import type { Sample } from "../sample.ts";
import { type Give, isNumber, kept, notANumber, type Stage } from "./stage.ts";

/** One reading, or neighbours that came within one grain of the span and leave together. */
interface Part {
  /** When the newest of them came. */
  readonly came: Instant;
  readonly count: number;
  readonly sum: number;
  readonly least: number;
  readonly greatest: number;
}

/** All grains of a span, those that it begins and ends in, and one more. */
const partsMax = windowReadingsMax + 2;

export class Window implements Stage {
  readonly #span: Millis;
  readonly #aggregate: Aggregate;
  /** There are as many of them in a span as it tells apart. */
  readonly #grain: number;
  #parts: Part[] = [];
  /** Whether so many come that those of one grain are put together at once. */
  #isCoarse = false;
  #newest: { readonly sample: Sample; readonly came: Instant } | undefined;
  #given: number | undefined;

  constructor(span: Millis, aggregate: Aggregate) {
    this.#span = span;
    this.#aggregate = aggregate;
    this.#grain = span / windowReadingsMax;
  }

  get due(): Instant | undefined {
    const first = this.#parts[0];
    return first === undefined ? undefined : later(first.came, this.#span);
  }

  take(sample: Sample, at: Instant, give: Give): string | undefined {
    const { value } = sample;
    if (!isNumber(value) && !this.#isCounting) {
      if (value !== null) return notANumber(`the ${this.#aggregate} of a window`, value);
      this.#empty();
      give(stateOf(sample), at);
      return undefined;
    }
    const each = isNumber(value) ? value : 0;
    this.#add({ came: at, count: 1, sum: each, least: each, greatest: each });
    this.#newest = { sample, came: at };
    this.#give(at, give);
    return undefined;
  }

  wake(at: Instant, give: Give): void {
    this.#parts.shift();
    if (this.#result() !== this.#given) this.#give(at, give);
  }

  get #isCounting(): boolean {
    return this.#aggregate === "count" || this.#aggregate === "rate";
  }

  #add(part: Part): void {
    const newest = this.#parts.at(-1);
    // What came in one instant leaves in one.
    const isTogether = newest?.came === part.came || (this.#isCoarse && this.#isOneGrain(newest, part));
    if (newest !== undefined && isTogether) this.#parts[this.#parts.length - 1] = together(newest, part);
    else this.#parts.push(part);
    if (this.#parts.length > partsMax) this.#coarsen(part.came);
    else if (this.#parts.length < windowReadingsMax / 2) this.#isCoarse = false;
  }

  #coarsen(at: Instant): void {
    this.#isCoarse = true;
    const parts: Part[] = [];
    for (const part of this.#parts) {
      const newest = parts.at(-1);
      if (later(part.came, this.#span) < at) continue;
      if (newest !== undefined && this.#isOneGrain(newest, part))
        parts[parts.length - 1] = together(newest, part);
      else parts.push(part);
    }
    this.#parts = parts;
  }

  /** Grains stand still while time goes on: what is put together never comes to last longer than one of them. */
  #isOneGrain(older: Part | undefined, newer: Part): boolean {
    return (
      older !== undefined && Math.floor(older.came / this.#grain) === Math.floor(newer.came / this.#grain)
    );
  }

  #give(at: Instant, give: Give): void {
    const value = this.#result();
    if (value === undefined || this.#newest === undefined) return;
    this.#given = value;
    const { sample, came } = this.#newest;
    give({ ...stateOf(kept(sample, came, at)), value, unit: this.#unitOf(sample) }, at);
  }

  #empty(): void {
    this.#parts = [];
    this.#isCoarse = false;
    this.#newest = undefined;
    this.#given = undefined;
  }

  #unitOf({ unit }: Sample): string {
    if (this.#aggregate === "count") return "";
    return this.#aggregate === "rate" ? "/s" : unit;
  }

  #result(): number | undefined {
    switch (this.#aggregate) {
      case "count":
        return countOf(this.#parts);
      case "rate":
        return (countOf(this.#parts) * 1000) / this.#span;
      case "avg":
        return averageOf(this.#parts);
      case "min":
        return this.#parts.length === 0 ? undefined : Math.min(...this.#parts.map(({ least }) => least));
      case "max":
        return this.#parts.length === 0
          ? undefined
          : Math.max(...this.#parts.map(({ greatest }) => greatest));
      default:
        return unreachable(this.#aggregate);
    }
  }
}

/** Nothing that happened, whatever it is made of. */
function stateOf(sample: Sample): Sample {
  const { isEvent: _, isNews: __, origin: ___, ...state } = sample;
  return state;
}

const together = (older: Part, newer: Part): Part => ({
  came: newer.came,
  count: older.count + newer.count,
  sum: older.sum + newer.sum,
  least: Math.min(older.least, newer.least),
  greatest: Math.max(older.greatest, newer.greatest),
});

const countOf = (parts: readonly Part[]): number => parts.reduce((sum, { count }) => sum + count, 0);

function averageOf(parts: readonly Part[]): number | undefined {
  const count = countOf(parts);
  const average = parts.reduce((sum, part) => sum + part.sum, 0) / count;
  // Of nothing there is none, and one of numbers near the largest there is would be no number.
  return Number.isFinite(average) ? average : undefined;
}
