/** How long readings take from their stamp to the hub: a histogram for ever, quantiles of the last seconds. */

/** Upper bounds in seconds: from a quick LAN to a link that hurts. */
export const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/**
 * The longest span that is one, in seconds: no queue on the way holds a reading that long unless it is away, and the
 * hub's clock may have been set by a day, which nodes follow a little later. Longer: report, beside those from the
 * future.
 */
export const spanMax = 60;

/** Samples the quantiles are taken over. More come: the oldest are forgotten. */
const recentMax = 2048;

export class Latency {
  readonly counts = Array.from({ length: latencyBounds.length + 1 }, () => 0);
  sum = 0;
  /** Readings whose stamp does not say how long they took: the clocks disagree, or they waited while their node was away. */
  untimed = 0;
  readonly #recent = new Float64Array(recentMax);
  #count = 0;
  /** Of the last one. */
  #bucket = 0;

  /** `span` in seconds. */
  observe(span: number): void {
    if (span < 0 || span > spanMax) {
      this.untimed += 1;
      return;
    }
    // Most take about as long as the one before.
    let bucket = this.#bucket;
    while (span <= (latencyBounds[bucket - 1] ?? Number.NEGATIVE_INFINITY)) bucket -= 1;
    while (span > (latencyBounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.#bucket = bucket;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += span;
    this.#recent[this.#count % recentMax] = span;
    this.#count += 1;
  }

  /** Quantiles in ms of what came since the last call; `null` when nothing did. */
  takeQuantiles(): { readonly p50: number | null; readonly p99: number | null } {
    const recent = this.#recent.slice(0, Math.min(this.#count, recentMax)).toSorted();
    this.#count = 0;
    const at = (share: number) => {
      const value = recent[Math.min(Math.floor(recent.length * share), recent.length - 1)];
      return value === undefined ? null : value * 1000;
    };
    return { p50: at(0.5), p99: at(0.99) };
  }
}
