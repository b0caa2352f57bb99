/**
 * What the outbox needs of a spool: a queue of records that outlives the process.
 *
 * Every life of an agent has a session of its own for what it spools, and what an earlier life left behind keeps the
 * session and the numbers it had: numbers are never given twice, whatever a power cut took away, so a hub that got a
 * record once knows it again. One session is sent at a time, the oldest first, and the next one only when the one
 * before has been confirmed and is gone from the disk: a hub has to remember one session of a spool.
 */
import type { Instant } from "@interactor/shared/kernel/units";
import type { Session } from "@interactor/shared/wire/session";

export interface SpoolQueue {
  /** Of the records that are taken next. */
  readonly session: Session;
  /** Records that are not confirmed, taken or not. */
  readonly queued: number;
  /** Records neither on disk nor confirmed: a sudden end of the process would take them with it. */
  readonly unsaved: number;
  /** Records that can be taken at once. */
  readonly ready: number;
  /** Takes a record in; it is on disk a little later. Never fails: what a disk cannot take is held in memory. */
  append(record: Uint8Array, at: Instant): void;
  /** The oldest records that were not taken, with numbers in a row. `undefined`: there are none at hand. */
  take(limits: TakeLimits): Taken | undefined;
  /** The hub has `messages` more records, up to and including number `seq` of the current session. */
  confirm(seq: number, messages: number): void;
}

export interface TakeLimits {
  readonly messagesMax: number;
  /** The first record is given whatever its size. */
  readonly bytesMax: number;
}

export interface Taken {
  readonly session: Session;
  readonly firstSeq: number;
  readonly records: readonly TakenRecord[];
}

export interface TakenRecord {
  readonly record: Uint8Array;
  /** When it was appended; `undefined`: in an earlier life, or longer ago than `ttlDefault`. */
  readonly appendedAt: Instant | undefined;
}
