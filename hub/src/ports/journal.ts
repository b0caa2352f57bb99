/**
 * The hub's event log: everything that agents send at QoS 1, as it came. What is in it was acknowledged or will be,
 * and is never taken in a second time, also by the hub's next life.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import type { Session } from "@interactor/shared/wire/session";
import type { JournalRecord, TakenMark } from "../core/intake/journal-record.ts";
import type { Written } from "./written.ts";

export type { JournalRecord, TakenMark };

export interface Journal extends Written, AsyncDisposable {
  /** What had been taken in when it was opened: of each node the sessions written last, the oldest first. */
  readonly taken: readonly TakenMark[];
  /**
   * Takes a record, whose payload is copied; records are written in their order, many in one commit. While the
   * disk fails nobody who waits for it is called back. Never throws.
   */
  append(record: JournalRecord): void;
  /** How far a session of a node had come need not be known any more. */
  forget(node: string, session: Session): void;
  /** What keeps it from writing, in words; `undefined`: nothing. */
  readonly problem: string | undefined;
  readonly usage: JournalUsage;
}

export interface JournalUsage {
  readonly commits: number;
  /** What it takes on disk, and since when. */
  readonly bytes: number;
  readonly oldest: Micros | undefined;
  /** Commits that gave way to newer ones. */
  readonly evicted: number;
}

export interface JournalLimits {
  /** What it may take on disk. More: the oldest commits are evicted. */
  readonly bytesMax: number;
  /** How long they are kept, in days in which the hub ran. Older: evicted. */
  readonly daysMax: number;
}

/** Bytes that wait for the disk, of all nodes: 500 with full windows have less. More: what comes is held, unread. */
export const journalWaitingMax = 64 * 1024 * 1024;

export const journalLimits: JournalLimits = { bytesMax: 1024 ** 3, daysMax: 7 };
