/** What values that were taken in mean to the routes: how they are to be delivered, and how they are known again. */
import type { Micros } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import type { Origin } from "@interactor/shared/wire/origin";
import type { Readings } from "./readings.ts";
import type { Source } from "./sources.ts";

/** Whether routes take what a source says. What was kept on a node's disk is told, and moves nothing any more. */
export const isRouted = ({ isOutput, deliver }: Source, readings: Readings): boolean =>
  isOutput && !(deliver === "durable" && hasFlag(readings, entryFlag.historical));

/** Readings as routes take them, each made when one asks for it. */
export class ReadingSamples implements Pick<readonly Sample[], "length" | "at"> {
  readonly #source: Source;
  readonly #readings: Readings;
  readonly #wall: Micros;
  readonly #entry: Omit<Origin, "sample"> | undefined;

  /** `wall`: when they were taken in, for what has no time of its own. `entry`: the one they come from, to be known by. */
  constructor(source: Source, readings: Readings, wall: Micros, entry: Omit<Origin, "sample"> | undefined) {
    this.#source = source;
    this.#readings = readings;
    this.#wall = wall;
    this.#entry = entry;
  }

  get length(): number {
    return this.#readings.length;
  }

  at(index: number): Sample | undefined {
    const reading = this.#readings.at(index);
    if (reading === undefined) return undefined;
    const { value, quality } = reading;
    const { unit, deliver } = this.#source;
    // Whom the value goes to shall not take a stamp for the site's time that is none.
    const at = hasFlag(reading, entryFlag.clockUnsynchronised) ? this.#wall : reading.at;
    const sample = index < 0 ? this.length + index : index;
    const origin = this.#entry && { ...this.#entry, sample };
    return { value, unit, quality, at, isEvent: deliver !== "latest", origin };
  }
}
