/** Keeps what the hub must get although it may be away for a day, or this process killed. */
import type { Loss } from "@interactor/shared/wire/ledger";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { SpoolQueue, Taken, TakeLimits } from "../core/outbox/spool-queue.ts";

export type { Taken, TakeLimits };

export interface SpoolEvents {
  /** There may be more to take, the session may be another, or how it is has changed. */
  moved(): void;
  /** Records ended here. */
  lost(loss: Loss, messages: number): void;
}

export interface Spool extends SpoolQueue, AsyncDisposable {
  /** What keeps it from writing, in words; `undefined`: nothing. */
  readonly problem: string | undefined;
  /** Begins to read, and tells of everything from now on. */
  attach(events: SpoolEvents): void;
}

export interface SpoolLimits {
  /** What it may take on disk. More: evict the oldest segment. */
  readonly bytesMax: number;
  /** How long it keeps a record, in time that the agent runs: clocks of a Pi are set at will. Older: expire. */
  readonly ageMax: Millis;
  /** One file. It is the unit of eviction: a sixty-fourth of the whole is little to lose at once. */
  readonly segmentBytes: number;
}

export const spoolLimits: SpoolLimits = {
  bytesMax: 256 * 1024 ** 2,
  ageMax: seconds(7 * 24 * 3600),
  segmentBytes: 4 * 1024 ** 2,
};
