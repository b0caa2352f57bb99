/** What the journal is given of a batch, so that it can be looked back at and is never taken in twice. */
import type { Lane } from "@interactor/shared/wire/lanes";
import type { Session } from "@interactor/shared/wire/session";
import type { Stamp } from "./kept-age.ts";

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

/** What a life of a node declared, as it said it: without it nothing it sent can be understood later. */
export interface KeptBirth {
  readonly node: string;
  readonly session: Session;
  readonly document: Uint8Array;
}

/** A batch, read back. */
export interface KeptBatch {
  readonly node: string;
  readonly payload: Uint8Array;
  /** When it was committed. */
  readonly stamp: Stamp;
}
