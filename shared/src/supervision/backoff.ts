import type { Random } from "../kernel/random.ts";
import { type Millis, millis, seconds } from "../kernel/units.ts";

/** Waits between attempts: doubling from 1 s to 60 s, each shortened at random by up to half. */
export function* retryDelays(random: Random, longest: Millis = seconds(60)): Generator<Millis, never> {
  for (let span = seconds(1); ; span = millis(Math.min(span * 2, longest))) {
    yield millis(span * (1 - random.next() / 2));
  }
}
