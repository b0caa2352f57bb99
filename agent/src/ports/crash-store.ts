/** Crash reports on the disk of a node, as the hub gets them. */
import type { CrashReport } from "@interactor/shared/wire/messages/crash";

export interface CrashStore {
  /** What earlier lives left; what cannot be read is removed. */
  load(): Promise<readonly CrashReport[]>;
  /** On disk when it resolves; takes the place of the one with its id. In order, also when not awaited. */
  save(report: CrashReport): Promise<void>;
  remove(id: string): Promise<void>;
}
