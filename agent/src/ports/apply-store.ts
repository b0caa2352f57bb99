/** Where a node keeps what it shall run: one record, and the plans and files that it names by their digests. */
import type { Kept } from "../core/apply/apply-state.ts";

export { type Kept, nothingKept } from "../core/apply/apply-state.ts";

export interface ApplyStore {
  /** What was kept last. A record that cannot be read is set aside; then the one before it counts, else nothing. */
  load(): Promise<Kept>;
  /** On disk when it resolves. A power cut leaves the old record or the new one. In order, also when not awaited. */
  save(kept: Kept): Promise<void>;
  /** Whether it is there, whole when it was put there. Nothing is read. */
  has(digest: string): Promise<boolean>;
  /** Throws a Fault `CONTENT_MISSING` or `CONTENT_DAMAGED`: bytes that do not have their digest are never given. */
  read(digest: string): Promise<Uint8Array>;
  /** The same without its bytes, for files that are larger than memory. One that is damaged is removed: to be fetched again. */
  check(digest: string): Promise<void>;
  /** Where a program finds it. */
  pathOf(digest: string): string;
  /** Goes on where an earlier life stopped. */
  receive(digest: string, bytes: number): Promise<Receipt>;
  /** Removes everything but these. Returns how many files went. */
  collect(wanted: ReadonlySet<string>): Promise<number>;
}

/** One file that comes in pieces. */
export interface Receipt {
  /** How much is there already. */
  readonly offset: number;
  add(piece: Uint8Array): Promise<void>;
  /** On disk under its digest when it resolves. Throws `CONTENT_DAMAGED` and forgets the pieces when they are wrong. */
  finish(): Promise<void>;
}
