/**
 * The hub's event log: everything that agents send at QoS 1, as it came. What is in it was acknowledged or will be,
 * and is never taken in a second time, also by the hub's next life.
 */
import type { Micros, Millis } from "@interactor/shared/kernel/units";
import type { OriginMark } from "@interactor/shared/wire/origin";
import type { Session } from "@interactor/shared/wire/session";
import type { JournalRecord, KeptBatch, KeptBirth, TakenMark } from "../core/intake/journal-record.ts";
import type { Stamp } from "../core/intake/kept-age.ts";
import type { Written } from "./written.ts";

export type { JournalRecord, KeptBatch, KeptBirth, OriginMark, Stamp, TakenMark };

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
  /** What a node declared; written before any batch that is taken later. */
  born(birth: KeptBirth): void;
  /** Up to where events were done; of each way and session the last one counts. Written with the next commit. */
  done(mark: OriginMark): void;
  /** Who of a group an event goes to. */
  chosen(mark: OriginMark): void;
  /** Nobody knows the node any more: what was kept of it to route again, to it or from it, is forgotten. */
  gone(node: string): void;
  /** What was kept of that when it was opened: the oldest first. */
  readonly kept: KeptBefore;
  /**
   * What some nodes sent that was committed within `span` before the last commit, in its order. What is over the limits, the oldest, is left
   * out, and the log says so. It comes in steps of a few megabytes. Throws when it cannot be read.
   */
  recent(span: Millis, limits: RecentLimits): AsyncIterable<readonly KeptBatch[]>;
  /** Now, in the clocks that commits are stamped with. */
  stamp(): Stamp;
  /** What keeps it from writing, in words; `undefined`: nothing. */
  readonly problem: string | undefined;
  readonly usage: JournalUsage;
}

export interface KeptBefore {
  readonly births: readonly KeptBirth[];
  readonly marks: readonly OriginMark[];
  readonly choices: readonly OriginMark[];
  /** By node, when it was forgotten, in the journal's own time. */
  readonly gone: ReadonlyMap<string, Micros>;
}

export interface RecentLimits {
  /** What others sent is passed over; commits that hold nothing else cost nothing. */
  readonly nodes: ReadonlySet<string>;
  readonly commitsMax: number;
  readonly bytesMax: number;
}

/** A clock that runs from one start of the machine to the next, and that nobody can set. */
export interface Uptime {
  /** Which start; empty: unknown. */
  readonly boot: string;
  now(): Micros;
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
