/** Tells new entries from repeats: the receiving side of the numbering. */
import type { Entry } from "./entry.ts";
import type { Batch } from "./batch.ts";
import { type Lane, laneNumbers } from "./lanes.ts";
import type { Session } from "./session.ts";

export interface Accepted {
  /** Entries not seen before, in order. */
  readonly fresh: readonly Entry[];
  readonly repeated: number;
  /** Entries that never came, before the first fresh one. */
  readonly missed: number;
}

/**
 * What has been taken of one peer's lanes. A lane arrives in order over one connection and is sent again in
 * order after a reconnect, so the highest number is all that must be remembered.
 */
export class Sequence {
  #session: Session | undefined;
  readonly #next = laneNumbers.map((): number | undefined => undefined);

  /** What was taken of a lane in an earlier life of ours: `next` comes next. */
  resume(session: Session, lane: Lane, next: number): void {
    this.begin(session);
    this.#next[lane] = next;
  }

  /** Forgets everything: the peer has begun a new life. */
  begin(session: Session): void {
    if (this.#session === session) return;
    this.#session = session;
    this.#next.fill(undefined);
  }

  accept(batch: Batch): Accepted {
    this.begin(batch.session);
    const expected = this.#next[batch.lane] ?? batch.firstSeq;
    const repeated = Math.min(Math.max(expected - batch.firstSeq, 0), batch.entries.length);
    const fresh = repeated === 0 ? batch.entries : batch.entries.slice(repeated);
    this.#next[batch.lane] = Math.max(expected, batch.firstSeq + batch.entries.length);
    return { fresh, repeated, missed: Math.max(batch.firstSeq - expected, 0) };
  }
}
