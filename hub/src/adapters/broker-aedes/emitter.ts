/**
 * Who takes which message. In place of mqemitter, and held to its contract: functions subscribe by `on`, as Aedes
 * does for itself. Clients subscribe by `subscribe`, with the QoS they were granted. Nobody waits for anybody: what a
 * taker cannot take at once is its own affair, and there is no number of messages under way to run out of.
 */
import { invariant } from "@interactor/shared/kernel/assert";
import type { Qos } from "../../ports/broker-store.ts";
import { Message } from "./message.ts";
import { TopicTrie } from "./topic-trie.ts";

export interface Subscriber {
  /** Takes the message, at once and without throwing. */
  deliver(message: Message, qos: Qos): void;
}

/** As Aedes hands messages on. */
export interface EmittedPacket {
  readonly topic: string;
  readonly payload?: unknown;
  readonly qos?: number;
  readonly retain?: boolean;
}

export type Listener = (packet: EmittedPacket, done: () => void) => void;

interface Match {
  readonly subscribers: readonly Subscriber[];
  readonly grants: readonly Qos[];
  readonly listeners: readonly Listener[];
}

/**
 * What the takers of topics that are remembered may weigh: 10,000 topics of a few takers each, or 200 of a
 * thousand each that they share with no other topic. More: all are forgotten, and found again by the next messages.
 */
const cachedBytesMax = 4 * 1024 * 1024;
/** What a topic costs beside its name: a place in a map, and three lists. */
const topicOverheadBytes = 256;
/** What a taker costs in them. */
const takerBytes = 16;
/** Levels walked, or takers gathered, in the time that a packet takes. */
const stepsPerPacket = 16;

const ignore = (): void => undefined;

export class Emitter {
  /** Messages whose listeners have not all called back. */
  current = 0;
  /** There is no bound on them here; mqemitter's contract has the name. */
  readonly concurrency = 0;
  readonly #subscribers = new TopicTrie<Subscriber, Qos>();
  readonly #listeners = new TopicTrie<Listener, 0>();
  readonly #matches = new Map<string, Match>();
  /** Those of a filter whose topics share them. */
  readonly #matchesByTakers = new Map<ReadonlyMap<Subscriber, Qos>, Match>();
  #matchesBytes = 0;
  readonly #settle: (done: (error?: Error) => void) => void;
  #isClosed = false;

  /** `settle` calls back when what was delivered so far is kept, as far as it is to be. */
  constructor(settle: (done: (error?: Error) => void) => void = (done) => done()) {
    this.#settle = settle;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Pairs of client and filter. */
  get subscriptions(): number {
    return this.#subscribers.size;
  }

  /** Levels of all filters of clients: what they cost. */
  get levels(): number {
    return this.#subscribers.levels;
  }

  /** Work that finding takers has been so far, in packets of usual work: it grows by what one message costs. */
  get work(): number {
    return Math.floor(this.#subscribers.steps / stepsPerPacket);
  }

  /** What is remembered of topics weighs so much. */
  get cachedBytes(): number {
    return this.#matchesBytes;
  }

  subscribe(filter: string, subscriber: Subscriber, qos: Qos): void {
    this.#subscribers.add(filter, subscriber, qos);
    this.#forgetMatches();
  }

  unsubscribe(filter: string, subscriber: Subscriber): boolean {
    this.#forgetMatches();
    return this.#subscribers.remove(filter, subscriber);
  }

  /** Hands the message to every client that subscribed, at the lower of its QoS and the one granted. */
  deliver(message: Message): void {
    const { subscribers, grants } = this.#match(message.topic);
    for (let index = 0; index < subscribers.length; index += 1) {
      const grant = grants[index] ?? 0;
      subscribers[index]?.deliver(message, grant < message.qos ? grant : message.qos);
    }
  }

  on(topic: string, listener: Listener, done?: () => void): this {
    invariant(topic !== "", "a listener has a topic");
    this.#listeners.add(topic, listener, 0);
    this.#forgetMatches();
    if (done !== undefined) setImmediate(done);
    return this;
  }

  removeListener(topic: string, listener: Listener, done?: () => void): this {
    setImmediate(() => {
      this.#listeners.remove(topic, listener);
      this.#forgetMatches();
      done?.();
    });
    return this;
  }

  /** `done` comes when every listener has called back and what is to be kept is; clients are not waited for. */
  emit(packet: EmittedPacket, done: (error?: Error) => void = ignore): this {
    if (this.#isClosed) {
      done(new Error("the emitter is closed"));
      return this;
    }
    const match = this.#match(packet.topic);
    if (match.subscribers.length > 0) this.deliver(messageOf(packet));
    let left = match.listeners.length;
    if (left === 0) {
      this.#settle(done);
      return this;
    }
    this.current += 1;
    const one = () => {
      left -= 1;
      if (left > 0) return;
      this.current -= 1;
      this.#settle(done);
    };
    for (const listener of match.listeners) listener.call(this, packet, one);
    return this;
  }

  close(done: () => void): this {
    this.#isClosed = true;
    setImmediate(done);
    return this;
  }

  #match(topic: string): Match {
    const known = this.#matches.get(topic);
    if (known !== undefined) return known;
    const found = this.#subscribers.match(topic);
    const listeners = [...this.#listeners.match(topic).keys()];
    const shared = listeners.length === 0 ? this.#matchesByTakers.get(found) : undefined;
    const match = shared ?? { subscribers: [...found.keys()], grants: [...found.values()], listeners };
    const own = shared === undefined ? found.size * takerBytes : 0;
    const bytes = topicOverheadBytes + topic.length + own;
    if (this.#matchesBytes + bytes > cachedBytesMax) this.#forgetMatches();
    this.#matches.set(topic, match);
    if (listeners.length === 0 && found.size > 1) this.#matchesByTakers.set(found, match);
    this.#matchesBytes += bytes;
    return match;
  }

  #forgetMatches(): void {
    this.#matches.clear();
    this.#matchesByTakers.clear();
    this.#matchesBytes = 0;
  }
}

export function messageOf({ topic, payload, qos, retain }: EmittedPacket): Message {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === "string" ? payload : "");
  return new Message({
    topic,
    payload: bytes,
    qos: qos === 1 || qos === 2 ? qos : 0,
    retain: retain === true,
  });
}
