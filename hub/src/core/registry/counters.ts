/** What the hub counts: plain numbers in the hot path, read when somebody scrapes. */
import { Latency } from "../feed/latency.ts";

/** Reasons kept per kind. They are ours, so this is never reached; it bounds a mistake. */
const reasonsMax = 200;

/** Clients that do not keep up are named each time: somebody has to look after them. */
const namedFaults = ["stalled", "behind", "unacknowledged"];

class ReasonCounter {
  readonly #counts = new Map<string, number>();
  readonly #always: ReadonlySet<string>;

  /** `always`: reasons of which each one is worth a log line. */
  constructor(always: readonly string[] = []) {
    this.#always = new Set(always);
  }

  /** Counts, and says whether this one is worth a log line: the 1st, 2nd, 4th, 8th … of its reason. */
  add(reason: string): boolean {
    const known = this.#counts.get(reason);
    if (known === undefined && this.#counts.size >= reasonsMax) return false;
    const count = (known ?? 0) + 1;
    this.#counts.set(reason, count);
    return (count & (count - 1)) === 0 || this.#always.has(reason);
  }

  entries(): readonly (readonly [reason: string, count: number])[] {
    return [...this.#counts];
  }
}

export class HubCounters {
  /** Messages refused, by topic kind and reason. */
  readonly refused = new ReasonCounter();
  /** Clients cut off, by reason. */
  readonly faults = new ReasonCounter(namedFaults);
  readonly latency = new Latency();
  /** Entries taken in. */
  messages = 0;
  /** Entries that had been taken before. */
  repeated = 0;
  /** Entries whose numbers were passed over. */
  missed = 0;
  /** How often the hub's clock was set. */
  clockSteps = 0;
  #taken = 0;

  /** Entries taken in since the last call. */
  takeMessages(): number {
    const since = this.messages - this.#taken;
    this.#taken = this.messages;
    return since;
  }
}
