/**
 * How long ago something was written by a life of the hub that may have been another one. As long as the machine runs,
 * its uptime tells, which nobody can set. After a restart of the machine only the wall clock is left, and that may have
 * been set or never have known the time: it is at least as long as the journal's own time and the machine's uptime say.
 */
import { type Micros, type Millis, millis } from "@interactor/shared/kernel/units";

/** A moment in all the clocks of a machine. */
export interface Stamp {
  /** By the journal's own time, which stands still while no hub runs. */
  readonly at: Micros;
  readonly wall: Micros;
  /** Which start of the machine; empty: unknown. */
  readonly boot: string;
  /** µs since that start. */
  readonly uptime: Micros;
}

/** `undefined`: nobody can know. */
export function ageOf(kept: Stamp, now: Stamp): Millis | undefined {
  const isOneStart = kept.boot !== "" && kept.boot === now.boot;
  if (isOneStart) return millis(Math.max(now.uptime - kept.uptime, 0) / 1000);
  const byWall = now.wall - kept.wall;
  // Somebody set the clock back, or it has forgotten the time.
  if (byWall < 0) return undefined;
  // Whatever the clock says: it was written before the machine started.
  const byUptime = kept.boot === "" || now.boot === "" ? 0 : now.uptime;
  return millis(Math.max(byWall, now.at - kept.at, byUptime) / 1000);
}
