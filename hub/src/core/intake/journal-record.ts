/** What the journal is given of a batch, so that it can be looked back at and is never taken in twice. */
import type { Lane } from "@interactor/shared/wire/lanes";
import type { Session } from "@interactor/shared/wire/session";

/** Up to where a lane of a node was taken in. */
export interface TakenMark {
  readonly node: string;
  readonly session: Session;
  readonly lane: Lane;
  /** The number of the entry that comes next. */
  readonly next: number;
}

/** A batch as it came from a node. */
export interface JournalRecord extends TakenMark {
  /** Empty: there is nothing in it to look back at, and only its numbers are kept. */
  readonly payload: Uint8Array;
}
