/** A value of an output, as a route sees it. */
import type { Micros } from "../kernel/units.ts";
import type { Quality } from "../wire/entry.ts";
import type { Origin } from "../wire/origin.ts";
import type { Value } from "../wire/value.ts";
import type { Variables } from "./expression.ts";

export interface Sample {
  readonly value: Value;
  readonly unit: string;
  readonly quality: Quality;
  readonly at: Micros;
  /** It happened: a newer one does not replace it, and unless it is a level it is not kept for those who come later. */
  readonly isEvent?: boolean;
  /** It lasts until the next one: it is kept for those who come later, also when each one counts. */
  readonly isLevel?: boolean;
  /** It was done, as a button is pressed: said once more it is as new as the first time. */
  readonly isNews?: boolean;
  /** Nothing has happened: somebody came late, and is told how it is. */
  readonly isAgain?: boolean;
  /** Of what must be done once, also when a later life of the hub routes it again. */
  readonly origin?: Origin | undefined;
  /** The output, `node/instance/output`, where the route names several. */
  readonly from?: string | undefined;
}

/** Whether it says how something is, until the next one does. */
export const isLasting = ({ isEvent, isLevel }: Pick<Sample, "isEvent" | "isLevel">): boolean =>
  isEvent !== true || isLevel === true;

/** For those who come later: whoever is told how something is does not do it once more. */
export const lasting = (sample: Sample): Sample =>
  sample.origin === undefined && sample.isEvent !== true
    ? sample
    : { ...sample, isEvent: false, origin: undefined };

/** Samples of one output that came together, the oldest first, each made when a route asks for it; or all made. */
export type Samples = readonly Sample[] | Pick<readonly Sample[], "length" | "at">;

/** What an expression of a route can speak of. */
export const variablesOf = ({ value, unit, quality, from = "" }: Sample): Variables => ({
  value,
  unit,
  quality,
  from,
});
