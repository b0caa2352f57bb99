/**
 * The last message of each topic that was published to be retained (MQTT 3.1.1 section 3.3.1.3). What clients
 * retain has a quota; what the hub itself and its agents retain under `ix/1/` has its bounds in the hub, which knows what
 * nodes there are and what they may have, and is not kept over a restart, because they say it again.
 */
import type { BrokerStore, Qos } from "../../ports/broker-store.ts";
import type { BrokerFault } from "../../ports/broker.ts";
import { topicRoot } from "@interactor/shared/wire/topics";
import { Message } from "./message.ts";
import { type RetainedLimits, RetainedQuota } from "./retained-quota.ts";
import { RetainedSearch } from "./retained-search.ts";
import type { Micros } from "@interactor/shared/kernel/units";

/** A topic as a branch of names; `message` where one ends. */
export interface Branch {
  below: Map<string, Branch> | undefined;
  message: Retained | undefined;
}

/** A retained message. */
export class Retained {
  readonly topic: string;
  readonly qos: Qos;
  /** Grows with each that is set. */
  readonly number: number;
  /** The packet of QoS 0: made once, the same bytes for everybody who asks. It holds the payload. */
  readonly packet: Buffer;
  readonly #payloadLength: number;

  constructor(message: Message, number: number) {
    this.number = number;
    this.topic = message.topic;
    this.qos = message.qos;
    this.packet = message.packet(0, true);
    this.#payloadLength = message.payload.length;
  }

  get payload(): Buffer {
    return this.packet.subarray(this.packet.length - this.#payloadLength);
  }

  /** The message, to be sent at a higher QoS. */
  message(): Message {
    return new Message({ topic: this.topic, payload: this.payload, qos: this.qos, retain: true });
  }
}

/** What a retained message costs beside its bytes. */
const overheadBytes = 256;

const bytesOf = ({ topic, payload }: Message): number =>
  Buffer.byteLength(topic) + payload.length + overheadBytes;

const isOurs = (topic: string): boolean => topic.startsWith(`${topicRoot}/`);

export interface RetainedWorld {
  readonly store: BrokerStore;
  /** Now, on the site's clock. */
  readonly wall: () => Micros;
  readonly faulted: (reason: BrokerFault, details: string) => void;
}

export class RetainedMessages {
  readonly #limits: RetainedLimits;
  readonly #world: RetainedWorld;
  readonly #root: Branch = { below: undefined, message: undefined };
  readonly #quota: RetainedQuota;
  /** Of the last message that was set. */
  #number = 0;

  constructor(limits: RetainedLimits, world: RetainedWorld) {
    this.#limits = limits;
    this.#world = world;
    this.#quota = new RetainedQuota(limits);
    for (const { payload, ...more } of world.store.kept.retained.toSorted((a, b) => a.at - b.at)) {
      const message = new Message({ ...more, payload: Buffer.from(payload), retain: true });
      this.#set(message);
      if (!isOurs(more.topic)) this.#quota.set({ ...more, bytes: bytesOf(message) });
    }
    this.expire();
  }

  /** Messages that count against the quota, and their bytes. */
  get usage(): { readonly messages: number; readonly bytes: number } {
    return this.#quota.usage;
  }

  /** Retains a message; an empty one takes the retained one away. `false`: the quota is used up. */
  take(message: Message, owner: string): boolean {
    const { topic, payload, qos } = message;
    if (payload.length === 0) {
      this.#takeAway(topic);
      return true;
    }
    if (isOurs(topic)) {
      this.#set(message);
      return true;
    }
    const entry = { topic, owner, bytes: bytesOf(message), at: this.#world.wall() };
    if (!this.#quota.makeRoom(entry, (from, topics) => this.#evict(from, topics))) return false;
    this.#quota.set(entry);
    const kept = { topic, payload: this.#set(message).payload, qos, owner, at: entry.at };
    this.#world.store.write({ kind: "retained", message: kept });
    return true;
  }

  /** Takes away what nobody has set again for too long. */
  expire(): void {
    const oldest = this.#world.wall() - this.#limits.retainedAgeMax * 1000;
    for (;;) {
      const entry = this.#quota.oldest;
      if (entry === undefined || entry.at >= oldest) return;
      this.#takeAway(entry.topic);
    }
  }

  /** Finds what matches a filter of what is retained now. */
  search(filter: string): RetainedSearch {
    return new RetainedSearch(this.#root, filter, this.#number);
  }

  get(topic: string): Retained | undefined {
    let branch: Branch | undefined = this.#root;
    for (const name of topic.split("/")) branch = branch?.below?.get(name);
    return branch?.message;
  }

  #evict(owner: string, topics: Iterable<string>): void {
    for (const topic of topics) this.#takeAway(topic);
    const words = `the oldest retained messages of ${owner} are taken away: there is no room, and it holds most`;
    this.#world.faulted("retained-quota", words);
  }

  #takeAway(topic: string): void {
    if (this.#remove(topic) && !isOurs(topic)) this.#world.store.write({ kind: "retained-gone", topic });
  }

  #set(message: Message): Retained {
    this.#number += 1;
    const retained = new Retained(message, this.#number);
    let branch = this.#root;
    for (const name of retained.topic.split("/")) {
      branch.below ??= new Map();
      const below: Branch = branch.below.get(name) ?? { below: undefined, message: undefined };
      branch.below.set(name, below);
      branch = below;
    }
    branch.message = retained;
    return retained;
  }

  #remove(topic: string): boolean {
    const path: { readonly branch: Branch; readonly name: string }[] = [];
    let branch = this.#root;
    for (const name of topic.split("/")) {
      const below = branch.below?.get(name);
      if (below === undefined) return false;
      path.push({ branch, name });
      branch = below;
    }
    if (branch.message === undefined) return false;
    branch.message = undefined;
    this.#quota.remove(topic);
    for (const { branch: above, name } of path.toReversed()) {
      const below = above.below?.get(name);
      if (below === undefined || below.message !== undefined || below.below !== undefined) break;
      above.below?.delete(name);
      if (above.below?.size === 0) above.below = undefined;
    }
    return true;
  }
}
