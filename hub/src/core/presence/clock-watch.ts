/** Notices that somebody has set the hub's wall clock, by comparing it with the monotonic one. */
import { type Instant, type Micros, type Millis, millis } from "@interactor/shared/kernel/units";

/** A smaller difference is reading the clocks apart, or NTP bending the clock gently; in ms. */
const stepMin = 10;
/** How fast a clock is bent at most while NTP sets it right, as a share. */
const bendMax = 500e-6;

export class ClockWatch {
  #last: { readonly instant: Instant; readonly ahead: number } | undefined;

  /** By how much the clock was set since the last look, forwards when positive; `undefined`: it was not. */
  look(instant: Instant, wall: Micros): Millis | undefined {
    const ahead = wall / 1000 - instant;
    const before = this.#last;
    this.#last = { instant, ahead };
    if (before === undefined) return undefined;
    const step = ahead - before.ahead;
    const allowed = stepMin + (instant - before.instant) * bendMax;
    return Math.abs(step) > allowed ? millis(step) : undefined;
  }
}
