/**
 * What one entry says: values of one port and their stamps, the oldest first. They stay as they came, side by side, and
 * an object is made only of those that somebody looks at.
 */
import { type Micros, micros } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import type { PublicValue } from "@interactor/shared/wire/messages/public-value";
import type { Origin } from "@interactor/shared/wire/origin";
import type { Numbered } from "@interactor/shared/wire/sequence";
import { isOfType, type Value } from "@interactor/shared/wire/value";
import type { Source } from "./sources.ts";

export type Reading = PublicValue;

export class Readings implements Iterable<Reading> {
  readonly #entry: Entry;
  /** µs from the entry's stamp. */
  readonly #offsets: readonly Value[];
  readonly #values: readonly Value[];

  constructor(entry: Entry, offsets: readonly Value[], values: readonly Value[]) {
    this.#entry = entry;
    this.#offsets = offsets;
    this.#values = values;
  }

  get length(): number {
    return this.#values.length;
  }

  /** As each of them has them. */
  get flags(): number {
    return this.#entry.flags & ~entryFlag.columns;
  }

  /** From the end where it is negative, as with arrays. */
  at(index: number): Reading | undefined {
    const place = index < 0 ? this.#values.length + index : index;
    const value = this.#values[place];
    if (value === undefined) return undefined;
    return { at: this.stamp(place), quality: this.#entry.quality, flags: this.flags, value };
  }

  /** When the one at this place was taken. */
  stamp(place: number): Micros {
    const offset = this.#offsets[place];
    return typeof offset === "number" ? micros(this.#entry.at + offset) : this.#entry.at;
  }

  *[Symbol.iterator](): Generator<Reading, void> {
    for (let place = 0; place < this.length; place += 1) {
      const reading = this.at(place);
      if (reading !== undefined) yield reading;
    }
  }

  /** Those that its source may give. */
  fitting(source: Pick<Source, "type" | "isOutput">): Readings {
    let fit = 0;
    while (fit < this.#values.length && fits(this.#values[fit], source)) fit += 1;
    if (fit === this.#values.length) return this;
    const isRight = (_each: Value, place: number): boolean => fits(this.#values[place], source);
    return new Readings(this.#entry, this.#offsets.filter(isRight), this.#values.filter(isRight));
  }
}

const fits = (value: Value | undefined, { type, isOutput }: Pick<Source, "type" | "isOutput">): boolean =>
  // An input that nobody owns holds nothing.
  value !== undefined && (isOfType(value, type) || (value === null && !isOutput));

const noOffset: readonly Value[] = [0];

/** Of an entry whose shape the decoder has checked. */
export function readingsOf(entry: Entry): Readings {
  const { body } = entry;
  if (!hasFlag(entry, entryFlag.columns)) return new Readings(entry, noOffset, [body]);
  const columns = Array.isArray(body) ? body : [];
  const offsets: Value | undefined = columns[0];
  const values: Value | undefined = columns[1];
  const areLists = Array.isArray(offsets) && Array.isArray(values);
  return new Readings(entry, areLists ? offsets : [], areLists ? values : []);
}

/** Readings as routes see them. */
export class ReadingSamples implements Pick<readonly Sample[], "length" | "at"> {
  readonly isEvent: boolean;
  readonly #isAgain: boolean;
  readonly #source: Source;
  readonly #readings: Readings;
  readonly #wall: Micros;
  readonly #numbers: NumbersOfEntry | undefined;

  /** `wall`: when they came in. `numbers`: by which each is known again. */
  constructor(source: Source, readings: Readings, wall: Micros, numbers?: NumbersOfEntry) {
    this.#isAgain = hasFlag(readings, entryFlag.historical);
    this.isEvent = source.deliver !== "latest" && !this.#isAgain;
    this.#source = source;
    this.#readings = readings;
    this.#wall = wall;
    this.#numbers = numbers;
  }

  get length(): number {
    return this.#readings.length;
  }

  at(index: number): Sample | undefined {
    const place = index < 0 ? this.length + index : index;
    const reading = this.#readings.at(place);
    if (reading === undefined) return undefined;
    const { value, quality, flags } = reading;
    // Whom the value goes to shall not take a stamp for the site's time that is none.
    const at = (flags & entryFlag.clockUnsynchronised) === 0 ? reading.at : this.#wall;
    const origin = this.#numbers && originOf(this.#numbers, place);
    const { unit, isLevel } = this.#source;
    return { value, unit, quality, at, isEvent: this.isEvent, isLevel, isAgain: this.#isAgain, origin };
  }
}

/** Where an entry stands among all that its node sent: `seq` is its number among those of `batch`. */
export interface NumbersOfEntry {
  readonly batch: Numbered;
  readonly seq: number;
}

const originOf = ({ batch: { session, lane }, seq }: NumbersOfEntry, sample: number): Origin => ({
  session,
  lane,
  seq,
  sample,
});

/** What of an entry's values routes take; `undefined`: nothing. */
export function samplesOf(
  source: Source,
  readings: Readings,
  wall: Micros,
  numbers?: NumbersOfEntry,
): ReadingSamples | undefined {
  // What was kept on a node's disk is told, and moves nothing any more: it happened some time ago. A level that is said
  // again does not come from there.
  const isPast =
    source.deliver === "durable" &&
    hasFlag(readings, entryFlag.historical) &&
    !(source.isLevel && numbers?.batch.lane === lane.telemetry);
  return source.isOutput && !isPast ? new ReadingSamples(source, readings, wall, numbers) : undefined;
}
