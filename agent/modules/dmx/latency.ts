/** The worst time from a reading's stamp to the frame that shows it. Pure: times come in as arguments. */
import { between, type Instant, type Micros } from "@interactor/shared/sdk/define-module";

export class LatencyMeter {
  readonly #startedAt: Instant;
  /** The oldest reading that the next frame will show. */
  #oldest: Micros | undefined;
  #worst: number | undefined;

  constructor(startedAt: Instant) {
    this.#startedAt = startedAt;
  }

  /** A reading changed the look. */
  changed(stamp: Micros): void {
    if (this.#oldest === undefined || stamp < this.#oldest) this.#oldest = stamp;
  }

  /**
   * The frame is with the system. A reading older than this instance was held elsewhere and only handed over
   * again, and one from the future has seen a clock step: neither says anything about us.
   */
  sent(wall: Micros, now: Instant): void {
    if (this.#oldest === undefined) return;
    const latency = (wall - this.#oldest) / 1000;
    this.#oldest = undefined;
    if (latency < 0 || latency > between(this.#startedAt, now)) return;
    this.#worst = Math.max(this.#worst ?? 0, latency);
  }

  /** In ms; `undefined` when no reading changed the look since the last call. */
  takeWorst(): number | undefined {
    const worst = this.#worst;
    this.#worst = undefined;
    return worst;
  }
}
