/**
 * One step of a route that knows time. What it gives follows from the values and when they came alone, never from how
 * late a timer is: whoever drives it wakes it at its `due` before it takes what came later, and then tells it that
 * instant, not the present one. Everything it remembers has a bound.
 */
import { between, type Instant, micros } from "../../kernel/units.ts";
import type { Value } from "../../wire/value.ts";
import type { Sample } from "../sample.ts";

/** Takes what a step gives, and at which instant it does. */
export type Give = (sample: Sample, at: Instant) => void;

export interface Stage {
  /** When it does something by itself; `undefined`: it waits for a value. */
  readonly due: Instant | undefined;
  /** Takes a value. Returns what is wrong, in words. */
  take(sample: Sample, at: Instant, give: Give): string | undefined;
  /** Does what is due. `at` is its `due`, which is another one afterwards. */
  wake(at: Instant, give: Give): void;
}

/**
 * The sample as it is given at `at`, having come at `came`. What it was kept for on purpose is no delay: its stamp
 * moves on by as much, so that whoever measures from it measures the way alone.
 */
export function kept(sample: Sample, came: Instant, at: Instant): Sample {
  return at === came ? sample : { ...sample, at: micros(sample.at + between(came, at) * 1000) };
}

/** Why a step that computes cannot take the value. */
export const notANumber = (name: string, value: Value): string =>
  `${name} takes numbers, not ${wordFor(value)}`;

export const isNumber = (value: Value): value is number =>
  typeof value === "number" && Number.isFinite(value);

function wordFor(value: Value): string {
  if (value === null) return "nothing";
  if (typeof value === "string") return "a text";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return String(value);
  if (value instanceof Uint8Array) return "bytes";
  return Array.isArray(value) ? "a list" : "a record";
}
