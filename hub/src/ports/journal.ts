/**
 * The hub's event log: everything that agents send at QoS 1, as it came. What is in it was acknowledged or will be,
 * and is never taken in a second time, also by the hub's next life.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import type { Millis } from "@interactor/shared/kernel/units";
import type { OriginMark } from "@interactor/shared/wire/origin";
import type { JournalRecord, KeptBatch, KeptBirth, TakenMark } from "../core/intake/journal-record.ts";
import type { Stamp } from "../core/intake/kept-age.ts";
import type { Written } from "./written.ts";

export type { JournalRecord, KeptBatch, KeptBirth, OriginMark, Stamp, TakenMark };

export interface Journal extends Written, AsyncDisposable {
  /** What had been taken in when it was opened: of each node the sessions heard last, the oldest first. */
  readonly taken: readonly TakenMark[];
  /**
   * Takes a record, whose payload is not copied; records are written in their order, many in one commit. While the
   * disk fails nobody who waits for it is called back. Never throws.
   */
  append(record: JournalRecord): void;
  /** What a node declared; written before any batch that is taken later. */
  born(birth: KeptBirth): void;
  /** Up to where events were done; of each way and session the last one counts. Written with the next commit. */
  done(mark: OriginMark): void;
  /** Who of a group an event goes to. */
  chosen(mark: OriginMark): void;
  /** Of the births, of what was done and of who was chosen, what was kept when it was opened: the oldest first. */
  readonly births: readonly KeptBirth[];
  readonly marks: readonly OriginMark[];
  readonly choices: readonly OriginMark[];
  /**
   * What was committed within `span` before the last commit, in its order. What is over the limits, the oldest, is left
   * out, and the log says so. It comes in steps of a few megabytes. Throws when it cannot be read.
   */
  recent(span: Millis, limits: RecentLimits): AsyncIterable<readonly KeptBatch[]>;
  /** Now, in the clocks that commits are stamped with. */
  stamp(): Stamp;
  /** What keeps it from writing, in words; `undefined`: nothing. */
  readonly problem: string | undefined;
  readonly usage: JournalUsage;
}

export interface RecentLimits {
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
  /** How long they are kept, in days. Older: evicted. */
  readonly daysMax: number;
}

export const journalLimits: JournalLimits = { bytesMax: 1024 ** 3, daysMax: 7 };
