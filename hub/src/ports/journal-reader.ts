/** What the journal has kept, read for those who want to play it again: beside the hub's own work, or without a hub. */
import type { Micros } from "@interactor/shared/kernel/units";
import type { KeptBatch, KeptBirth } from "../core/intake/journal-record.ts";

export type { KeptBatch, KeptBirth };

/** By the clock of the hub's machine. */
export interface JournalSpan {
  readonly from: Micros;
  readonly until: Micros;
}

export interface JournalReader extends AsyncDisposable {
  /** What the nodes of all that is kept had declared, the oldest first. */
  births(): Promise<readonly KeptBirth[]>;
  /** In the order in which it was committed, in steps that are small enough to be looked at in one go. Throws when it cannot be read. */
  batches(span: JournalSpan): AsyncIterable<readonly KeptBatch[]>;
}
