/**
 * Who retains how much. One client cannot take the room of all, whatever it sets first: it has a share of its own at
 * most, and when there is no room left the oldest message of whoever holds most gives way to those who hold less.
 */
import type { BrokerLimits } from "../../ports/broker.ts";
import type { Micros } from "@interactor/shared/kernel/units";

export type RetainedLimits = Pick<
  BrokerLimits,
  "retainedMax" | "retainedBytesMax" | "retainedPerClientMax" | "retainedBytesPerClientMax" | "retainedAgeMax"
>;

export interface RetainedEntry {
  readonly topic: string;
  /** The client that set it. */
  readonly owner: string;
  readonly bytes: number;
  readonly at: Micros;
}

interface Share {
  readonly owner: string;
  /** Its topics, the one set longest ago first. */
  readonly topics: Set<string>;
  bytes: number;
}

/** Taking away a little more than needed keeps the search for the largest share rare. */
const evictDownTo = 31 / 32;

export class RetainedQuota {
  readonly #limits: RetainedLimits;
  /** By topic, the one set longest ago first. */
  readonly #entries = new Map<string, RetainedEntry>();
  readonly #shares = new Map<string, Share>();
  #bytes = 0;

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  get usage(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#entries.size, bytes: this.#bytes };
  }

  /** The one set longest ago. */
  get oldest(): RetainedEntry | undefined {
    const [oldest] = this.#entries.values();
    return oldest;
  }

  set(entry: RetainedEntry): void {
    this.remove(entry.topic);
    const { topic, owner, bytes } = entry;
    const share = this.#shares.get(owner) ?? { owner, topics: new Set(), bytes: 0 };
    this.#shares.set(owner, share);
    share.topics.add(topic);
    share.bytes += bytes;
    this.#entries.set(topic, entry);
    this.#bytes += bytes;
  }

  remove(topic: string): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return;
    this.#entries.delete(topic);
    this.#bytes -= entry.bytes;
    const share = this.#shares.get(entry.owner);
    if (share === undefined) return;
    share.topics.delete(topic);
    share.bytes -= entry.bytes;
    if (share.topics.size === 0) this.#shares.delete(entry.owner);
  }

  /**
   * Whether the entry may be set. `evict` is told who gives way for it, and has to remove one of its topics after the
   * other, as they come.
   */
  makeRoom(entry: RetainedEntry, evict: (owner: string, topics: Iterable<string>) => void): boolean {
    const { retainedPerClientMax, retainedBytesPerClientMax } = this.#limits;
    const before = this.#entries.get(entry.topic);
    const own = this.#shares.get(entry.owner);
    const replaced = before !== undefined && before.owner === entry.owner ? before : undefined;
    const messages = (own?.topics.size ?? 0) + (replaced === undefined ? 1 : 0);
    const bytes = (own?.bytes ?? 0) - (replaced?.bytes ?? 0) + entry.bytes;
    if (messages > retainedPerClientMax || bytes > retainedBytesPerClientMax) return false;
    const part = this.#part(messages, bytes);
    while (!this.#fits(entry, 1)) {
      const largest = this.#largest();
      if (largest === undefined || this.#part(largest.topics.size, largest.bytes) <= part) return false;
      evict(largest.owner, this.#giveWay(largest, entry, part));
    }
    return true;
  }

  /** Topics of a share, until there is room, or it is no larger than that of the newcomer. */
  *#giveWay(share: Share, entry: RetainedEntry, part: number): Generator<string> {
    for (const topic of share.topics) {
      if (this.#fits(entry, evictDownTo) || this.#part(share.topics.size, share.bytes) <= part) return;
      yield topic;
    }
  }

  #fits({ topic, bytes }: RetainedEntry, part: number): boolean {
    const { retainedMax, retainedBytesMax } = this.#limits;
    const before = this.#entries.get(topic);
    return (
      this.#entries.size + (before === undefined ? 1 : 0) <= Math.ceil(retainedMax * part) &&
      this.#bytes - (before?.bytes ?? 0) + bytes <= retainedBytesMax * part
    );
  }

  #largest(): Share | undefined {
    let [largest] = this.#shares.values();
    for (const share of this.#shares.values()) {
      const isLarger =
        largest === undefined ||
        this.#part(share.topics.size, share.bytes) > this.#part(largest.topics.size, largest.bytes);
      if (isLarger) largest = share;
    }
    return largest;
  }

  /** Of the room there is, in messages or bytes, whichever is more. */
  #part(messages: number, bytes: number): number {
    return Math.max(messages / this.#limits.retainedMax, bytes / this.#limits.retainedBytesMax);
  }
}
