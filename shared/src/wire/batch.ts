/**
 * One MQTT publish of the message path: entries of one lane, numbered without holes.
 *
 *   batch = [version, lane, session, firstSeq, baseAt, [entry…], ? sentAt]
 *   entry = [dAt, from, to | null, ttl | null, flags, trace | null, quality, body, ? route, ? origin]
 *
 * Arrays rather than maps: 71 bytes against 122 for one reading, and three times faster to decode.
 * Fields may be appended; a reader keeps what it knows and passes over the rest.
 */
import { failed, ok, type Result } from "../kernel/result.ts";
import { type Micros, type Millis, micros } from "../kernel/units.ts";
import { type BatchHead, batchVersion, entriesPlace, readHead } from "./batch-head.ts";
import { checkCbor, encodeCbor, readCbor, wireInteger } from "./cbor.ts";
import { type Entry, entryFlag, hasFlag, type Quality } from "./entry.ts";
import type { Lane } from "./lanes.ts";
import {
  batchEntriesAcceptedMax,
  columnSamplesMax,
  durationMax,
  nameLengthMax,
  valueDepthMax,
} from "./limits.ts";
import { isName } from "./names.ts";
import { originField, readOrigin } from "./origin.ts";
import { readPlainBatch } from "./plain-batch.ts";
import { bytesOfSession, type Session, sessionOf } from "./session.ts";
import { isSendable, type Value } from "./value.ts";
import type { Inspection, Malformed } from "./well-formed.ts";

const traceBytes = 26;
/** `node/instance/port`, or who asks. */
const addressLengthMax = 3 * nameLengthMax + 2;

export interface Batch {
  readonly lane: Lane;
  readonly session: Session;
  /** The number of the first entry; entry i has `firstSeq + i`. */
  readonly firstSeq: number;
  readonly entries: readonly Entry[];
  /** When it was sent: ms of the sender's monotonic clock, which begins anywhere. Told where a TTL runs. */
  readonly sentAt?: number;
}

export type BatchFault =
  | Malformed
  | "too-large"
  | "not-cbor"
  | "unknown-version"
  | "wrong-shape"
  | "too-many-entries"
  | "wrong-lane";

export function encodeBatch(batch: Batch): Uint8Array {
  let baseAt = Number.POSITIVE_INFINITY;
  for (const entry of batch.entries) if (entry.at < baseAt) baseAt = entry.at;
  const entries = batch.entries.map((entry) => [
    wireInteger(entry.at - baseAt),
    entry.from,
    entry.to,
    entry.ttl,
    entry.flags,
    entry.trace,
    entry.quality,
    entry.body,
    ...appended(entry),
  ]);
  return encodeCbor([
    batchVersion,
    batch.lane,
    bytesOfSession(batch.session),
    wireInteger(batch.firstSeq),
    BigInt(batch.entries.length === 0 ? 0 : baseAt),
    entries,
    ...(batch.sentAt === undefined ? [] : [wireInteger(batch.sentAt)]),
  ]);
}

function appended({ route, origin }: Entry): readonly unknown[] {
  if (origin !== undefined) return [route ?? null, originField(origin)];
  return route === undefined ? [] : [route];
}

/** The batch in `bytes`, published on a topic of `lane`; or in which way it is none. Never throws. */
export function decodeBatch(bytes: Uint8Array, lane: Lane): Result<Batch, BatchFault> {
  const opened = openBatch(bytes, lane);
  if (!opened.ok) return opened;
  const content = opened.value.content();
  if (!content.ok) return content;
  const { session, firstSeq } = opened.value;
  return ok({ lane, session, firstSeq, ...content.value });
}

/** A batch of which it is known whose numbers it has. */
export interface OpenBatch {
  readonly lane: Lane;
  readonly session: Session;
  readonly firstSeq: number;
  /** Of its entries. */
  readonly length: number;
  /**
   * Each in its place; `undefined` in the place of one that is none. Many modules share a batch, and what one of them
   * says must not take away what the others say.
   */
  entries(): Result<readonly (Entry | undefined)[], BatchFault>;
  /** The entries with what stands behind them. */
  content(): Result<Pick<Batch, "entries" | "sentAt">, BatchFault>;
}

/** Its bytes were looked over, and its entries are still to be read. */
class UnreadBatch implements OpenBatch {
  readonly lane: Lane;
  readonly session: Session;
  readonly firstSeq: number;
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #inspection: Inspection;
  readonly #baseAt: number;

  constructor(head: BatchHead, lane: Lane, bytes: Uint8Array, inspection: Inspection) {
    this.lane = lane;
    this.session = sessionOf(head.session);
    this.firstSeq = head.firstSeq;
    this.length = head.length;
    this.#bytes = bytes;
    this.#inspection = inspection;
    this.#baseAt = head.baseAt;
  }

  entries(): Result<readonly (Entry | undefined)[], BatchFault> {
    const fields = this.#fields();
    return fields.ok ? ok(fields.value.entries.map((each) => readEntry(each, this.#baseAt))) : fields;
  }

  content(): Result<Pick<Batch, "entries" | "sentAt">, BatchFault> {
    const fields = this.#fields();
    if (!fields.ok) return fields;
    const { sentAt } = fields.value;
    const entries: Entry[] = [];
    for (const each of fields.value.entries) {
      const entry = readEntry(each, this.#baseAt);
      if (entry === undefined) return failed("wrong-shape");
      entries.push(entry);
    }
    return ok(isCount(sentAt) ? { entries, sentAt } : { entries });
  }

  #fields(): Result<{ readonly entries: readonly unknown[]; readonly sentAt: unknown }, BatchFault> {
    const read = readCbor(this.#bytes, this.#inspection);
    if (!read.ok) return read;
    const batch: readonly unknown[] = Array.isArray(read.value) ? read.value : [];
    const entries = batch[entriesPlace];
    return Array.isArray(entries) ? ok({ entries, sentAt: batch[entriesPlace + 1] }) : failed("wrong-shape");
  }
}

/** Reads what stands in front of the entries, published on a topic of `lane`; or in which way it is no batch. */
export function openBatch(bytes: Uint8Array, lane: Lane): Result<OpenBatch, BatchFault> {
  const plain = readPlainBatch(bytes);
  if (plain?.lane === lane) return ok(plain);
  const checked = checkCbor(bytes);
  if (!checked.ok) return checked;
  const head = readHead(bytes);
  if (typeof head === "string") return failed(head);
  if (head.lane !== lane) return failed("wrong-lane");
  if (head.length > batchEntriesAcceptedMax) return failed("too-many-entries");
  return ok(new UnreadBatch(head, lane, bytes, checked.value));
}

function readEntry(fields: unknown, baseAt: number): Entry | undefined {
  if (!Array.isArray(fields) || fields.length < 8) return undefined;
  const [dAt, from, to, ttl, flags, trace, quality, body, route, source]: readonly unknown[] = fields;
  if (!isCount(dAt) || !isAddress(from) || !(to === null || isAddress(to))) return undefined;
  if (!isTtl(ttl) || !isCount(flags) || !isQuality(quality)) return undefined;
  if (!(trace === null || (trace instanceof Uint8Array && trace.length === traceBytes))) return undefined;
  if (!isSendable(body, valueDepthMax)) return undefined;
  const at = baseAt + dAt;
  if (!Number.isSafeInteger(at)) return undefined;
  const named = typeof route === "string" && isName(route) ? { route } : {};
  const origin = source === undefined ? undefined : readOrigin(source);
  const known = origin === undefined ? named : { ...named, origin };
  const entry = { at: micros(at), from, to, ttl, flags, trace, quality, body, ...known };
  return hasFlag(entry, entryFlag.columns) && readColumns(entry) === undefined ? undefined : entry;
}

/** The samples of a columns entry, oldest first as sent; `undefined` when the body is of another shape. */
export function readColumns(entry: Entry): readonly { at: Micros; value: Value }[] | undefined {
  const columns = entry.body;
  if (!Array.isArray(columns) || columns.length !== 2) return undefined;
  const [offsets, values]: readonly unknown[] = columns;
  if (!Array.isArray(offsets) || !Array.isArray(values)) return undefined;
  if (offsets.length !== values.length || offsets.length > columnSamplesMax) return undefined;
  const samples: { at: Micros; value: Value }[] = [];
  for (let index = 0; index < offsets.length; index += 1) {
    const offset: unknown = offsets[index];
    const value: unknown = values[index];
    if (!isCount(offset) || !isSendable(value, valueDepthMax) || !Number.isSafeInteger(entry.at + offset))
      return undefined;
    samples.push({ at: micros(entry.at + offset), value });
  }
  return samples;
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isAddress = (value: unknown): value is string =>
  typeof value === "string" && value.length <= addressLengthMax;

const isTtl = (value: unknown): value is Millis | null =>
  value === null || (typeof value === "number" && value >= 0 && value <= durationMax);

const isQuality = (value: unknown): value is Quality => value === 0 || value === 1 || value === 2;
