/** What a value that was taken in means to the routes: how it is to be delivered, and how it is known again. */
import type { Micros } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import type { Origin } from "@interactor/shared/wire/origin";
import type { Reading } from "./intake.ts";
import type { Source } from "./sources.ts";

/** The value as routes take it; `undefined`: they do not. `wall`: when it was taken in, for what has no time of its own. */
export function sampleOf(
  { unit, isOutput, deliver }: Source,
  reading: Reading,
  wall: Micros,
  origin: Origin | undefined,
): Sample | undefined {
  if (!isOutput) return undefined;
  // What was kept on a node's disk is told, and moves nothing any more: it happened some time ago.
  if (deliver === "durable" && hasFlag(reading, entryFlag.historical)) return undefined;
  const { value, quality } = reading;
  // Whom the value goes to shall not take a stamp for the site's time that is none.
  const at = hasFlag(reading, entryFlag.clockUnsynchronised) ? wall : reading.at;
  return { value, unit, quality, at, isEvent: deliver !== "latest", origin };
}
