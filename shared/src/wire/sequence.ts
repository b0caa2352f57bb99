/** Tells new entries from repeats: the receiving side of the numbering. */
import { type Lane, laneNumbers } from "./lanes.ts";
import type { Session } from "./session.ts";

/** Which numbers a batch has. */
export interface Numbered {
  readonly session: Session;
  readonly lane: Lane;
  readonly firstSeq: number;
  /** Of its entries. */
  readonly length: number;
}

export interface Accepted {
  /** So many entries at its beginning were seen before; the others were not. */
  readonly repeated: number;
  /** Entries that never came, before the first fresh one. */
  readonly missed: number;
  /** The number that came next before this batch; its own first one when nothing was known. */
  readonly expected: number;
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

  /** The number that comes next; `undefined`: nothing of the lane was taken. */
  nextOf(lane: Lane): number | undefined {
    return this.#next[lane];
  }

  accept({ session, lane, firstSeq, length }: Numbered): Accepted {
    this.begin(session);
    const expected = this.#next[lane] ?? firstSeq;
    const repeated = Math.min(Math.max(expected - firstSeq, 0), length);
    this.#next[lane] = Math.max(expected, firstSeq + length);
    return { repeated, missed: Math.max(firstSeq - expected, 0), expected };
  }
}
