/** Where people read what modules log just now, whichever node those are on. */
import type { LogRequest, LogView } from "@interactor/shared/wire/api-log";

export interface LogDesk {
  /** Its number. Fault `LOG_BUSY`: as many read as the hub has room for. */
  begin(by: string, wanted: LogRequest): number;
  /** What has come since, which is gone then. `undefined`: nobody reads by that number, any more. */
  take(id: number): LogView | undefined;
  /** Nobody reads by that number any more. */
  end(id: number): void;
}
