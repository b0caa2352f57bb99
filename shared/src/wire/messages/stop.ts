/**
 * The show stop's latches, retained on `stop/<zone>`. Not a certified safety function.
 *
 * Every press makes a latch with an id of its own, and a release names the ids it lets go. So who is stopped and who
 * is not never depends on a clock: a latch that is known anywhere holds until a release that names it comes by.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, name, byText } from "./schema.ts";

/** The zone that every node is in. */
export const everyZone = "all";

const latch = z.object({
  id: name,
  /** Who pressed, in words for people: `dashboard`, `cli:anna@desk`. */
  by: byText,
  /** µs since 1970 by the site's clock. For people: nothing is decided by it. */
  at: count,
});

/** A latch and where it holds, as a node keeps and reports it. */
export const zoneLatch = z.object({
  ...latch.shape,
  zone: name,
  /** The node's own, because what it kept could not be read: it holds no other node. */
  local: z.optional(z.boolean()),
});

/**
 * From whoever asks to the hub, and in the same shape from the hub to everybody. What the hub says lists all latches
 * of the zone and the ids that were released; these lists have no bound of their own, because a reader that refuses
 * a stop for its length would not stop.
 */
const stopLatch = z.object({
  v: z.literal(documentVersion),
  latched: z.boolean(),
  by: byText,
  /** µs since 1970. */
  at: count,
  /** Asking for a stop: the id its latch shall have. */
  id: z.optional(name),
  /** From the hub: what holds the zone. */
  latches: z.optional(z.array(latch)),
  /** Asking: what is to be released, when not everything. From the hub: what was released lately. */
  released: z.optional(z.array(name)),
});

export type Latch = z.infer<typeof latch>;
export type ZoneLatch = z.infer<typeof zoneLatch>;
export type StopLatch = z.infer<typeof stopLatch>;

const latchOnWire = <Stamped extends Latch>(each: Stamped) => ({ ...each, at: wireInteger(each.at) });

/** Latches as CBOR has them: their times are integers. */
export const latchesOnWire = <Stamped extends Latch>(latches: readonly Stamped[]) =>
  latches.map((each) => latchOnWire(each));

export const encodeStopLatch = (document: StopLatch): Uint8Array =>
  encodeCbor({
    ...document,
    at: wireInteger(document.at),
    ...(document.latches === undefined ? {} : { latches: latchesOnWire(document.latches) }),
  });
export const decodeStopLatch = (bytes: Uint8Array): Result<StopLatch, DocumentFault> =>
  decodeDocument(bytes, stopLatch);
