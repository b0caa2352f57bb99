/** The hub's own birth and death, and what it measures of itself once a second. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { bytesOfSession } from "../session.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, session, shortText } from "./schema.ts";

const hubState = z.object({
  v: z.literal(documentVersion),
  kind: z.enum(["birth", "death"]),
  session,
  version: shortText,
  /** µs since 1970: the site's clock when this was published. */
  at: count,
  /**
   * Over how many ms the site's nodes shall spread their attempts to come back, so that not all come at once.
   * Missing: there are few.
   */
  reconnectSpread: z.optional(count),
});

const hubMetric = z.object({
  v: z.literal(documentVersion),
  at: count,
  /** Entries taken in during the last second. */
  messagesPerSecond: z.number(),
  /** From a reading's stamp to its arrival at the hub, over the last seconds; `null` when there was none. */
  latencyP50Ms: z.nullable(z.number()),
  latencyP99Ms: z.nullable(z.number()),
});

export type HubState = z.infer<typeof hubState>;
export type HubMetric = z.infer<typeof hubMetric>;

export const encodeHubState = (state: HubState): Uint8Array =>
  encodeCbor({ ...state, session: bytesOfSession(state.session), at: wireInteger(state.at) });
export const decodeHubState = (bytes: Uint8Array): Result<HubState, DocumentFault> =>
  decodeDocument(bytes, hubState);

export const encodeHubMetric = (metric: HubMetric): Uint8Array =>
  encodeCbor({ ...metric, at: wireInteger(metric.at) });
export const decodeHubMetric = (bytes: Uint8Array): Result<HubMetric, DocumentFault> =>
  decodeDocument(bytes, hubMetric);
