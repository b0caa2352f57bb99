/** What all connections of the broker share: who takes what, what is kept, and the turn in which all is written. */
import type { BrokerStore } from "../../ports/broker-store.ts";
import type { Written } from "../../ports/written.ts";
import type { BrokerLimits, BrokerRules } from "../../ports/broker.ts";
import { Emitter } from "./emitter.ts";
import type { Message } from "./message.ts";
import type { Outlet } from "./outlet.ts";
import { RetainedMessages } from "./retained.ts";
import { Sessions } from "./sessions.ts";
import { Sweeper } from "./sweeper.ts";
import { Unwritten, type Waiting } from "./unwritten.ts";
import type { Micros } from "@interactor/shared/kernel/units";

export interface ExchangeWorld {
  readonly limits: BrokerLimits;
  readonly rules: BrokerRules;
  readonly store: BrokerStore;
  /** Now, on the site's clock. */
  readonly wall: () => Micros;
}

export class Exchange {
  readonly limits: BrokerLimits;
  readonly rules: BrokerRules;
  readonly store: BrokerStore;
  readonly emitter: Emitter;
  readonly retained: RetainedMessages;
  readonly sessions: Sessions;
  readonly sweeper = new Sweeper();
  /** Beginnings of packets that wait for their rest, in bytes. */
  unfinishedBytes = 0;
  /** What came and is not taken yet, because its client is read more slowly. */
  heldBytes = 0;
  /** Clients so far that came with a clean session and said goodbye. */
  visits = 0;
  /** Clients so far that came. */
  comers = 0;
  /** Too much waits for clients that do not acknowledge it. Set by whoever may cut them. */
  overfull = (): void => undefined;
  /** Of our store, and of those that the rules name. */
  readonly #unwritten = new Map<Written, Unwritten>();
  #dirty: Outlet[] = [];

  constructor({ limits, rules, store, wall }: ExchangeWorld) {
    this.limits = limits;
    this.rules = rules;
    this.store = store;
    this.emitter = new Emitter((done) =>
      store.waitingBytes === 0
        ? done()
        : store.whenWritten((isWritten) => done(isWritten ? undefined : new Error("it could not be kept"))),
    );
    const faulted = rules.faulted.bind(rules);
    this.retained = new RetainedMessages(limits, { store, wall, faulted });
    this.sessions = new Sessions(limits, {
      store,
      emitter: this.emitter,
      wall,
      faulted,
      grew: (bytes) => this.sweeper.came(bytes),
      overfull: () => this.overfull(),
    });
  }

  /** `owner`: the client that publishes. `false`: there is no room to retain it; then nobody got it. */
  publish(message: Message, owner: string): boolean {
    if (message.retain && !this.retained.take(message, owner)) return false;
    this.emitter.deliver(message);
    return true;
  }

  /** Ends what is too old: sessions whose clients stay away, and retained messages. */
  expire(): void {
    this.sessions.expire();
    this.retained.expire();
  }

  unwrittenOf(written: Written): Unwritten {
    const known = this.#unwritten.get(written);
    if (known !== undefined) return known;
    const unwritten = new Unwritten(written);
    this.#unwritten.set(written, unwritten);
    return unwritten;
  }

  get allUnwritten(): Iterable<Unwritten> {
    return this.#unwritten.values();
  }

  /** Who waited for something to be written has gone. */
  gone(waiting: Waiting): void {
    for (const unwritten of this.allUnwritten) unwritten.forget(waiting);
  }

  /** What an answer waits for, if something is to be kept since the store had taken so many changes. */
  writtenSince(changes: number): Written | undefined {
    return this.store.changes > changes ? this.store : undefined;
  }

  /** The outlet is flushed when this turn of the event loop has taken all that came in. */
  dirty(outlet: Outlet): void {
    if (this.#dirty.length === 0) setImmediate(() => this.#flush());
    this.#dirty.push(outlet);
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const outlet of dirty) outlet.flush();
  }
}
