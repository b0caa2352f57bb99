/** The hub's own birth and death, and what it measures of itself once a second. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { problemsMax } from "../limits.ts";
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
  /** What keeps the hub from working wholly, in words for people. Appended to version 1: missing is none. */
  problems: z.optional(z.array(shortText).check(z.maxLength(problemsMax))),
});

export type HubState = z.infer<typeof hubState>;
export type HubMetric = z.infer<typeof hubMetric>;

/** Characters of a problem in the metric, which goes to every viewer once a second. Longer: cut. */
const problemWordsMax = 300;

/** Problems as the metric tells them. */
export const toldProblems = (problems: readonly string[]): string[] =>
  problems
    .slice(0, problemsMax)
    .map((words) =>
      words.length <= problemWordsMax ? words : `${words.slice(0, problemWordsMax - 1).toWellFormed()}…`,
    );

export const encodeHubState = (state: HubState): Uint8Array =>
  encodeCbor({ ...state, session: bytesOfSession(state.session), at: wireInteger(state.at) });
export const decodeHubState = (bytes: Uint8Array): Result<HubState, DocumentFault> =>
  decodeDocument(bytes, hubState);

export const encodeHubMetric = (metric: HubMetric): Uint8Array =>
  encodeCbor({ ...metric, at: wireInteger(metric.at) });
export const decodeHubMetric = (bytes: Uint8Array): Result<HubMetric, DocumentFault> =>
  decodeDocument(bytes, hubMetric);
