/** The show stop's latches, so that it holds over a restart of the hub. */
import type { KeptStop } from "../core/stop/stop-book.ts";

export interface StopStore {
  /**
   * What the last life kept; `undefined` when there is nothing. `unreadable`: there is something, and nobody can say
   * what; it was set aside.
   */
  load(): Promise<KeptStop | "unreadable" | undefined>;
  /** On disk when it resolves. */
  save(kept: KeptStop): Promise<void>;
}
