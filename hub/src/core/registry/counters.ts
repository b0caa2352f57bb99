/** What the hub counts: plain numbers in the hot path, read when somebody scrapes. */
import { Latency } from "../feed/latency.ts";

/** Reasons kept per kind. They are ours, so this is never reached; it bounds a mistake. */
const reasonsMax = 200;

class ReasonCounter {
  readonly #counts = new Map<string, number>();

  /** Counts, and says whether this one is worth a log line: the 1st, 2nd, 4th, 8th … of its reason. */
  add(reason: string): boolean {
    const known = this.#counts.get(reason);
    if (known === undefined && this.#counts.size >= reasonsMax) return false;
    const count = (known ?? 0) + 1;
    this.#counts.set(reason, count);
    return (count & (count - 1)) === 0;
  }

  entries(): readonly (readonly [reason: string, count: number])[] {
    return [...this.#counts];
  }
}

export class HubCounters {
  /** Messages refused, by topic kind and reason. */
  readonly refused = new ReasonCounter();
  /** Clients cut off, by reason. */
  readonly faults = new ReasonCounter();
  readonly latency = new Latency();
  /** Entries taken in. */
  messages = 0;
  /** Entries that had been taken before. */
  repeated = 0;
  /** Entries whose numbers were passed over. */
  missed = 0;
  #taken = 0;

  /** Entries taken in since the last call. */
  takeMessages(): number {
    const since = this.messages - this.#taken;
    this.#taken = this.messages;
    return since;
  }
}
