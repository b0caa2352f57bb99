/** Where the hub keeps the revisions of a site. */
import type { RevisionHead } from "../core/revision/revision-head.ts";

export type { RevisionHead } from "../core/revision/revision-head.ts";

/** What was written is on disk when a promise resolves; a power cut leaves it as it was before, or after. */
export interface RevisionLog extends AsyncDisposable {
  /** Oldest first, as they were found at the start. */
  readonly heads: readonly RevisionHead[];
  add(head: RevisionHead, content: Uint8Array): Promise<void>;
  confirm(number: number): Promise<void>;
  /** Their content goes with the last revision that has it. */
  remove(numbers: readonly number[]): Promise<void>;
  /** `undefined`: it is not there, or has other bytes than its digest says. */
  content(digest: string): Promise<Uint8Array | undefined>;
}
