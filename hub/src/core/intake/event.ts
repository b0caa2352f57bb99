/** What a value that was taken in means to the routes: how it is to be delivered, and how it is known again. */
import type { Micros } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { type Delivery, findPort } from "@interactor/shared/wire/messages/port";
import type { Birth } from "@interactor/shared/wire/messages/state";
import type { PortAddress } from "@interactor/shared/wire/names";
import type { TakenValue } from "./intake.ts";

/**
 * The value as routes take it; `undefined`: they do not. `wall`: when it was taken in, for what has no time of its own.
 * `isNumbered`: its origin is wanted although it is no event.
 */
export function sampleOf(
  taken: TakenValue,
  birth: Birth | undefined,
  wall: Micros,
  isNumbered = true,
): Sample | undefined {
  const { address, entry, unit, batch, seq, sample } = taken;
  if (!taken.isOutput) return undefined;
  const deliver = deliveryOf(birth, address);
  // What was kept on a node's disk is told, and moves nothing any more: it happened some time ago.
  if (deliver === "durable" && hasFlag(entry, entryFlag.historical)) return undefined;
  const isEvent = deliver !== "latest";
  const origin =
    isEvent || isNumbered ? { session: batch.session, lane: batch.lane, seq, sample } : undefined;
  // Whom the value goes to shall not take a stamp for the site's time that is none.
  const at = hasFlag(entry, entryFlag.clockUnsynchronised) ? wall : entry.at;
  return { value: entry.body, unit, quality: entry.quality, at, isEvent, origin };
}

/** How an output is to be delivered, by what its node declared. */
function deliveryOf(birth: Birth | undefined, { instance, port }: PortAddress): Delivery {
  const instances = birth?.instances ?? {};
  const declared = Object.hasOwn(instances, instance) ? instances[instance] : undefined;
  return findPort(declared?.outputs ?? {}, port)?.deliver ?? "latest";
}
