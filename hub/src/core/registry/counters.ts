/** What the hub counts: plain numbers in the hot path, read when somebody scrapes. */
import { Latency } from "../feed/latency.ts";
import type { FaultOutcome } from "./faults.ts";

/** Reasons told apart. They are ours, so this is never reached; it bounds a mistake. More: counted as one. */
const reasonsMax = 200;
const otherReasons = "other";

class ReasonCounter {
  readonly #counts = new Map<string, number>();

  add(reason: string, times = 1): void {
    const name = this.#counts.size < reasonsMax || this.#counts.has(reason) ? reason : otherReasons;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  entries(): readonly (readonly [reason: string, count: number])[] {
    return [...this.#counts];
  }
}

export class HubCounters {
  /** Messages refused, by topic kind and reason. */
  readonly refused = new ReasonCounter();
  /** Faults of clients, by what was done about them and by reason. */
  readonly faults: Readonly<Record<FaultOutcome, ReasonCounter>> = {
    cut: new ReasonCounter(),
    "turned-away": new ReasonCounter(),
    slowed: new ReasonCounter(),
    "subscription-refused": new ReasonCounter(),
    evicted: new ReasonCounter(),
    "session-ended": new ReasonCounter(),
  };
  readonly latency = new Latency();
  /** Values taken in. */
  messages = 0;
  /** Entries taken in, each of which may have many values of one output in its columns. */
  entries = 0;
  /** Entries that had been taken before. */
  repeated = 0;
  /** Entries whose numbers were passed over. */
  missed = 0;
  /** How often the hub's clock was set. */
  clockSteps = 0;
  #taken = 0;

  /** Values taken in since the last call. */
  takeMessages(): number {
    const since = this.messages - this.#taken;
    this.#taken = this.messages;
    return since;
  }
}
