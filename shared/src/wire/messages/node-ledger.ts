/**
 * A node's side of the loss ledger, said on its `metric` topic: how every message it made for the hub ended, and
 * what it took of what the hub sent. Counts are of one session; `before` tells of sessions that ended without a word.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor } from "../cbor.ts";
import { type Lane, laneNumbers } from "../lanes.ts";
import { isEndReason, type LaneLedger, lossesOf } from "../ledger.ts";
import { sessionsBeforeMax, lossKindsMax } from "../limits.ts";
import { bytesOfSession, type Session } from "../session.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, session } from "./schema.ts";

/** By `end reason`, such as `expired ttl`. */
const losses = z
  .record(z.string().check(z.refine(isEndReason, "not how a message ends")), count)
  .check(z.refine((record) => Object.keys(record).length <= lossKindsMax, "too many kinds of losses"));

const upLane = z.object({ produced: count, delivered: count, queued: count, losses });
const downLane = z.object({ taken: count, repeated: count, missed: count, losses });
const fourOf = <Schema extends z.core.$ZodType>(schema: Schema) => z.tuple([schema, schema, schema, schema]);

const before = z.object({
  session,
  /** By lane: at most so many messages were in memory when it ended. */
  held: fourOf(count),
});

const nodeLedger = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("ledger"),
  session,
  /** Node → hub, by lane. */
  up: fourOf(upLane),
  /** Hub → node, by lane: `taken` are those that came for the first time. */
  down: fourOf(downLane),
  before: z.array(before).check(z.maxLength(sessionsBeforeMax)),
});

export type UpLane = z.infer<typeof upLane>;
export type DownLane = z.infer<typeof downLane>;
export type SessionBefore = z.infer<typeof before>;
export type NodeLedger = z.infer<typeof nodeLedger>;

export const encodeNodeLedger = (document: NodeLedger): Uint8Array =>
  encodeCbor({
    ...document,
    session: bytesOfSession(document.session),
    before: document.before.map((each) => ({ ...each, session: bytesOfSession(each.session) })),
  });

export const decodeNodeLedger = (bytes: Uint8Array): Result<NodeLedger, DocumentFault> =>
  decodeDocument(bytes, nodeLedger);

/** One value a lane. */
export const perLane = <Each>(of: (lane: Lane) => Each): [Each, Each, Each, Each] => {
  const [critical, control, telemetry, bulk] = laneNumbers;
  return [of(critical), of(control), of(telemetry), of(bulk)];
};

export const upLaneOf = ({ produced, delivered, losses: lost }: LaneLedger, queued: number): UpLane => ({
  produced,
  delivered,
  queued,
  losses: lossesOf(lost),
});

export const downLaneOf = (
  { produced, losses: lost }: LaneLedger,
  { repeated, missed }: { readonly repeated: number; readonly missed: number },
): DownLane => ({ taken: produced, repeated, missed, losses: lossesOf(lost) });

/** What a life of a node leaves on its disk for the next one: see `before`. */
const ledgerMark = z.object({
  v: z.literal(documentVersion),
  before: z.array(before).check(z.maxLength(sessionsBeforeMax)),
});

export const encodeLedgerMark = (sessions: readonly SessionBefore[]): Uint8Array =>
  encodeCbor({
    v: documentVersion,
    before: sessions.map((each: { readonly session: Session; readonly held: readonly number[] }) => ({
      ...each,
      session: bytesOfSession(each.session),
    })),
  });

export function decodeLedgerMark(bytes: Uint8Array): Result<readonly SessionBefore[], DocumentFault> {
  const document = decodeDocument(bytes, ledgerMark);
  return document.ok ? { ok: true, value: document.value.before } : document;
}
