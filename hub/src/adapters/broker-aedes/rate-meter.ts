/** How much one client may send: a bucket of packets and one of bytes, each holding a second's worth. */
import type { BrokerLimits } from "../../ports/broker.ts";

export class RateMeter {
  readonly #packetsMax: number;
  readonly #bytesMax: number;
  #packets: number;
  #bytes: number;
  #filledAt = performance.now();

  constructor({ packetsPerSecondMax, bytesPerSecondMax }: BrokerLimits) {
    this.#packetsMax = packetsPerSecondMax;
    this.#bytesMax = bytesPerSecondMax;
    this.#packets = packetsPerSecondMax;
    this.#bytes = bytesPerSecondMax;
  }

  get isExceeded(): boolean {
    return this.#packets < 0 || this.#bytes < 0;
  }

  bytes(count: number): void {
    this.#bytes -= count;
    if (this.isExceeded) this.refill(performance.now());
  }

  /** Counts packets, or work that is worth as many. Whether more may come. */
  packets(count: number): boolean {
    this.#packets -= count;
    return !this.isExceeded || this.refill(performance.now());
  }

  /** Whether more may come now. */
  refill(now: number): boolean {
    const share = (now - this.#filledAt) / 1000;
    this.#filledAt = now;
    this.#packets = Math.min(this.#packets + share * this.#packetsMax, this.#packetsMax);
    this.#bytes = Math.min(this.#bytes + share * this.#bytesMax, this.#bytesMax);
    return !this.isExceeded;
  }
}
