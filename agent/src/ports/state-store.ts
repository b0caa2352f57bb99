import type { ZoneLatch } from "@interactor/shared/wire/messages/stop";

/** What an agent must find again after a power cut. */
export interface StateStore {
  /**
   * The latches of a show stop that held this node; none when there is nothing kept. `unreadable`: there is something,
   * and nobody can say what; it was set aside.
   */
  loadStop(): Promise<readonly ZoneLatch[] | "unreadable">;
  /** On disk when it resolves. */
  saveStop(latches: readonly ZoneLatch[]): Promise<void>;
  /** How many messages the lives before could have lost by a sudden end; `undefined` when there was none. */
  loadLedgerMark(): Promise<Uint8Array | undefined>;
  saveLedgerMark(mark: Uint8Array): Promise<void>;
}
