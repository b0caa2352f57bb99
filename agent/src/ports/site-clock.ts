/** The clocks of a node: its own, and the site's once it is known. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Micros } from "@interactor/shared/kernel/units";

/** `wall()` is the site's clock once somebody has steered it, and the node's own before. */
export interface SiteClock extends Clock {
  readonly isSynchronised: boolean;
  /** The node's own wall clock, which may be decades off and may step. */
  own(): Micros;
  /** From now on, in every thread, the site's time is `offset` µs ahead of the monotonic clock. */
  steer(offset: number): void;
}
