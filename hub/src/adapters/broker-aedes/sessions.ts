/**
 * All sessions, and what bounds them. The broker holds them in memory; what a kept one keeps is told to the store, and
 * read from it once, at the start. At a bound the oldest gives way and is counted: nothing grows because somebody
 * stays away.
 */
import type { BrokerStore, KeptSession, Qos } from "../../ports/broker-store.ts";
import type { BrokerLimits, BrokerRules } from "../../ports/broker.ts";
import type { Emitter } from "./emitter.ts";
import { Message, setPacketId } from "./message.ts";
import { type Pending, Session, type SessionLedger, weightOf } from "./session.ts";
import type { Micros } from "@interactor/shared/kernel/units";

export interface SessionsWorld {
  readonly store: BrokerStore;
  readonly emitter: Emitter;
  /** Now, on the site's clock. */
  readonly wall: () => Micros;
  readonly faulted: BrokerRules["faulted"];
  /** So many bytes were taken to keep something. */
  readonly grew: (bytes: number) => void;
  /** Too much waits for clients that are here. */
  readonly overfull: () => void;
}

export class Sessions {
  readonly #limits: BrokerLimits;
  readonly #world: SessionsWorld;
  /** Kept sessions, by client. */
  readonly #kept = new Map<string, Session>();
  /** Of those whose client is away, since when: the longest first. */
  readonly #away = new Map<string, Micros>();
  #bytes = 0;
  /** What waits for the acknowledgement of clients that are here. */
  #hereBytes = 0;
  /** Messages of one session each that gave way since it was told last: there may be one for each that comes. */
  readonly #untold = new Map<string, number>();
  /** Messages that gave way because too many waited. */
  evicted = 0;
  readonly #ledger: SessionLedger = {
    queued: (session, pending, message) => this.#queued(session, pending, message),
    sent: ({ client }, { number, packetId = 0 }) =>
      this.#world.store.write({ kind: "sent", client, number, packetId }),
    received: ({ client }, { number }) => this.#world.store.write({ kind: "received", client, number }),
    done: (session, pending) => this.#done(session, pending),
    overfull: (session) => {
      session.evictOldest();
      this.#untold.set(session.client, (this.#untold.get(session.client) ?? 0) + 1);
    },
    evicted: (session, pending) => {
      if (session.isKept) this.#done(session, pending);
      this.evicted += 1;
    },
    weighed: (bytes) => {
      this.#hereBytes += bytes;
      if (bytes < 0) return;
      this.#world.grew(bytes);
      if (this.#hereBytes > this.#limits.outgoingTotalMax) this.#world.overfull();
    },
  };

  constructor(limits: BrokerLimits, world: SessionsWorld) {
    this.#limits = limits;
    this.#world = world;
    const now = world.wall();
    const sinceOf = ({ awaySince }: KeptSession) => awaySince ?? now;
    const kept = world.store.kept.sessions.toSorted((a, b) => sinceOf(a) - sinceOf(b));
    for (const session of kept) this.#restore(session, sinceOf(session));
  }

  /** Sessions that are kept, those of them whose client is away, and what their messages weigh. */
  get usage(): { readonly sessions: number; readonly away: number; readonly bytes: number } {
    return { sessions: this.#kept.size, away: this.#away.size, bytes: this.#bytes };
  }

  has(client: string): boolean {
    return this.#kept.has(client);
  }

  /** The session of a client that connects: the one that was kept, if it wants one and there is one. */
  open(client: string, isKept: boolean): Session {
    if (!isKept) {
      this.end(client);
      return new Session(client, false, this.#limits, this.#ledger);
    }
    const session = this.#kept.get(client) ?? this.begin(client);
    this.#away.delete(client);
    this.#world.store.write({ kind: "session-away", client, since: undefined });
    return session;
  }

  /** A session that is kept; until it is opened its client counts as away. */
  begin(client: string): Session {
    const session = new Session(client, true, this.#limits, this.#ledger);
    this.#kept.set(client, session);
    this.#world.store.write({ kind: "session-opened", client });
    this.#stayAway(client, this.#world.wall());
    return session;
  }

  /** The client has gone. A clean session goes with it. */
  leave(session: Session): void {
    session.detach();
    if (!session.isKept) return this.#unsubscribeAll(session);
    // Another one may have been opened meanwhile.
    if (this.#kept.get(session.client) !== session) return;
    this.#stayAway(session.client, this.#world.wall());
    while (this.#away.size > this.#limits.sessionsMax) this.#endOldest("more than may be away");
    if (this.#bytes > this.#limits.sessionBytesMax) this.#evict();
  }

  /** Ends a kept session, if there is one. */
  end(client: string): void {
    const session = this.#kept.get(client);
    if (session === undefined) return;
    session.end();
    this.#kept.delete(client);
    this.#away.delete(client);
    this.#bytes -= session.bytes;
    this.#unsubscribeAll(session);
    this.#world.store.write({ kind: "session-ended", client });
  }

  /** Tells what gave way where too many waited in one session. To be called a few times a second. */
  tellEvicted(): void {
    for (const [client, count] of this.#untold) {
      const words = `${count} messages for ${client} are evicted: too many wait for it`;
      this.#world.faulted("session-quota", words, { who: client, outcome: "evicted", count });
    }
    this.#untold.clear();
  }

  /** Ends the sessions whose clients have been away for too long. */
  expire(): void {
    const oldest = this.#world.wall() - this.#limits.sessionAgeMax * 1000;
    for (const [client, since] of this.#away) {
      if (since >= oldest) return;
      this.#endAway(client, "it was away for too long");
    }
  }

  /** `false`: there are too many. */
  subscribe(session: Session, filter: string, qos: Qos): boolean {
    const { subscriptionsPerClientMax, subscriptionsMax, subscriptionLevelsMax } = this.#limits;
    const isNew = !session.subscriptions.has(filter);
    const isFull =
      session.subscriptions.size >= subscriptionsPerClientMax ||
      this.#world.emitter.subscriptions >= subscriptionsMax ||
      this.#world.emitter.levels >= subscriptionLevelsMax;
    if (isNew && isFull) return false;
    session.subscriptions.set(filter, qos);
    this.#world.emitter.subscribe(filter, session, qos);
    if (session.isKept) this.#world.store.write({ kind: "subscribed", client: session.client, filter, qos });
    return true;
  }

  /** A QoS 2 message of the client was taken in. */
  incoming(session: Session, packetId: number): void {
    session.incoming.add(packetId);
    if (session.isKept) this.#world.store.write({ kind: "incoming", client: session.client, packetId });
  }

  released({ incoming, isKept, client }: Session, packetId: number): void {
    if (!incoming.delete(packetId) || !isKept) return;
    this.#world.store.write({ kind: "incoming-released", client, packetId });
  }

  unsubscribe(session: Session, filter: string): void {
    if (!session.subscriptions.delete(filter)) return;
    this.#world.emitter.unsubscribe(filter, session);
    if (session.isKept) this.#world.store.write({ kind: "unsubscribed", client: session.client, filter });
  }

  #restore(kept: KeptSession, awaySince: Micros): void {
    const session = new Session(kept.client, true, this.#limits, this.#ledger);
    this.#kept.set(kept.client, session);
    for (const { number, topic, payload, qos, packetId, isReceived } of kept.messages) {
      const message = new Message({ topic, payload: Buffer.from(payload), qos, retain: false });
      const packet = message.packet(qos, false);
      if (packetId !== undefined) setPacketId(packet, packetId);
      const pending: Pending = { number, qos, packet, packetId, isReceived };
      session.restore(pending);
      this.#bytes += weightOf(pending);
    }
    for (const packetId of kept.incoming) session.incoming.add(packetId);
    for (const { filter, qos } of kept.subscriptions) {
      session.subscriptions.set(filter, qos);
      this.#world.emitter.subscribe(filter, session, qos);
    }
    this.#stayAway(kept.client, awaySince);
  }

  #stayAway(client: string, since: Micros): void {
    this.#away.delete(client);
    this.#away.set(client, since);
    this.#world.store.write({ kind: "session-away", client, since });
  }

  #endOldest(why: string): void {
    const [client] = this.#away.keys();
    if (client !== undefined) this.#endAway(client, why);
  }

  #endAway(client: string, why: string): void {
    const context = { who: client, outcome: "session-ended" } as const;
    this.#world.faulted("session-quota", `the session of ${client} ended: ${why}`, context);
    this.end(client);
  }

  #unsubscribeAll(session: Session): void {
    for (const filter of session.subscriptions.keys()) this.#world.emitter.unsubscribe(filter, session);
    session.subscriptions.clear();
  }

  #queued(session: Session, pending: Pending, { topic, payload }: Message): void {
    const { number, qos } = pending;
    const at = this.#world.wall();
    const message = { number, topic, payload: payloadIn(pending.packet, payload), qos, at };
    this.#world.store.write({ kind: "queued", client: session.client, message });
    this.#bytes += weightOf(pending);
    if (this.#bytes > this.#limits.sessionBytesMax) this.#evict();
  }

  /** Of the session that keeps most, the oldest: who stays away is not to crowd out the others. */
  #evict(): void {
    const [first] = this.#kept.values();
    if (first === undefined) return;
    let largest = first;
    for (const session of this.#kept.values()) {
      if (session.evictableBytes > largest.evictableBytes) largest = session;
    }
    const target = this.#limits.sessionBytesMax * evictDownTo;
    const before = this.evicted;
    while (this.#bytes > target && largest.evictOldest());
    const count = this.evicted - before;
    if (count === 0) return;
    const words = `${count} messages for ${largest.client} are evicted: too many bytes wait in all sessions`;
    this.#world.faulted("session-quota", words, { who: largest.client, outcome: "evicted", count });
  }

  #done({ client }: Session, pending: Pending): void {
    this.#bytes -= weightOf(pending);
    this.#world.store.write({ kind: "done", client, number: pending.number });
  }
}

/** The payload as it stands at the end of the packet that is kept. */
const payloadIn = (packet: Buffer, { length }: Buffer): Buffer => packet.subarray(packet.length - length);

/** Evicting a little more than needed keeps the search for the largest session rare. */
const evictDownTo = 31 / 32;
