/**
 * Gathers changes until they are written, and folds what cancels itself meanwhile: a message that was queued and done
 * between two commits never reaches the disk. What it gathers says of every row how it ends, so a group may be
 * written twice without harm.
 *
 * A session has a number of its own here, never given twice: what an earlier session of the client left and what the
 * new one brings cannot be taken for each other. A change for a client without a session changes nothing.
 */
import type { KeptMessage, KeptRetained, Qos, StoreChange } from "../../ports/broker-store.ts";
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Micros } from "@interactor/shared/kernel/units";

/** What one commit brings to the disk. */
export interface ChangeGroup {
  /** Rows of these sessions go first. */
  readonly endedSessions: Set<number>;
  readonly sessions: Map<number, { readonly client: string; readonly awaySince: Micros | undefined }>;
  readonly bySession: Map<number, SessionChanges>;
  /** By topic; `undefined`: it is gone. */
  readonly retained: Map<string, KeptRetained | undefined>;
}

interface SessionChanges {
  /** By filter; `undefined`: it is gone. */
  readonly subscriptions: Map<string, Qos | undefined>;
  readonly messages: Map<number, MessageChange>;
  /** By packet identifier; `false`: it is released. */
  readonly incoming: Map<number, boolean>;
}

export type MessageChange =
  | {
      readonly kind: "queued";
      readonly message: KeptMessage;
      /** A row of this number may be on disk already, and then has to go when this one is done. */
      readonly isRepeated: boolean;
      packetId: number | undefined;
      isReceived: boolean;
    }
  | { readonly kind: "changed"; packetId: number | undefined; isReceived: boolean }
  | { readonly kind: "done" };

/** A session as far as folding must know it. */
export interface OpenSession {
  readonly id: number;
  readonly client: string;
  /** The highest number of a message so far. */
  lastNumber: number;
  readonly incoming: Set<number>;
}

export class ChangeFold {
  readonly #sessions: Map<string, OpenSession>;
  #nextId: number;
  #group = emptyGroup();
  #bytes = 0;

  /** `sessions`: those on disk. */
  constructor(sessions: readonly OpenSession[] = []) {
    this.#sessions = new Map(sessions.map((session) => [session.client, session]));
    this.#nextId = sessions.reduce((highest, { id }) => Math.max(highest, id), 0) + 1;
  }

  /** Of what is gathered: contents, and what it costs to hold them. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    const { endedSessions, sessions, bySession, retained } = this.#group;
    return endedSessions.size + sessions.size + bySession.size + retained.size === 0;
  }

  /** However long they wait: changes fold, so that there is never more than what they lead to. */
  readonly isFull = false;

  /** What was gathered; from now on gathers anew. */
  take(): ChangeGroup {
    const group = this.#group;
    this.#group = emptyGroup();
    this.#bytes = 0;
    return group;
  }

  add(change: StoreChange): void {
    switch (change.kind) {
      case "session-opened":
        return this.#open(change.client);
      case "retained":
        return this.#retain(change.message.topic, change.message);
      case "retained-gone":
        return this.#retain(change.topic, undefined);
      default: {
        const session = this.#sessions.get(change.client);
        if (session !== undefined) this.#addTo(session, change);
      }
    }
  }

  #addTo(session: OpenSession, change: SessionChange): void {
    switch (change.kind) {
      case "session-ended":
        return this.#end(session);
      case "session-away":
        return this.#setSession(session, change.since);
      case "subscribed":
        return this.#subscribe(session, change.filter, change.qos);
      case "unsubscribed":
        return this.#subscribe(session, change.filter, undefined);
      case "queued":
        return this.#queue(session, change.message);
      case "sent":
        return this.#change(session, change.number, change.packetId, false);
      case "received":
        return this.#change(session, change.number, undefined, true);
      case "done":
        return this.#done(session, change.number);
      case "incoming":
        return this.#takeIn(session, change.packetId);
      case "incoming-released":
        return this.#release(session, change.packetId);
      default:
        return unreachable(change);
    }
  }

  #open(client: string): void {
    const earlier = this.#sessions.get(client);
    if (earlier !== undefined) this.#end(earlier);
    const session = { id: this.#nextId++, client, lastNumber: 0, incoming: new Set<number>() };
    this.#sessions.set(client, session);
    this.#setSession(session, undefined);
  }

  #end({ id, client }: OpenSession): void {
    this.#sessions.delete(client);
    const changes = this.#group.bySession.get(id);
    for (const [filter] of changes?.subscriptions ?? []) this.#bytes -= bytesOfText(filter);
    for (const [, change] of changes?.messages ?? []) this.#bytes -= bytesOfMessage(change);
    this.#bytes -= (changes?.incoming.size ?? 0) * rowBytes;
    this.#group.bySession.delete(id);
    if (this.#group.sessions.delete(id)) this.#bytes -= bytesOfText(client);
    this.#group.endedSessions.add(id);
    this.#bytes += rowBytes;
  }

  #setSession({ id, client }: OpenSession, awaySince: Micros | undefined): void {
    if (!this.#group.sessions.has(id)) this.#bytes += bytesOfText(client);
    this.#group.sessions.set(id, { client, awaySince });
  }

  #subscribe({ id }: OpenSession, filter: string, qos: Qos | undefined): void {
    const { subscriptions } = this.#changesOf(id);
    if (!subscriptions.has(filter)) this.#bytes += bytesOfText(filter);
    subscriptions.set(filter, qos);
  }

  #queue(session: OpenSession, message: KeptMessage): void {
    const isRepeated = message.number <= session.lastNumber;
    session.lastNumber = Math.max(session.lastNumber, message.number);
    this.#setMessage(session.id, message.number, {
      kind: "queued",
      message,
      isRepeated,
      packetId: undefined,
      isReceived: false,
    });
  }

  #change({ id }: OpenSession, number: number, packetId: number | undefined, isReceived: boolean): void {
    const change = this.#group.bySession.get(id)?.messages.get(number);
    if (change === undefined) return this.#setMessage(id, number, { kind: "changed", packetId, isReceived });
    if (change.kind === "done") return;
    change.packetId = packetId ?? change.packetId;
    change.isReceived ||= isReceived;
  }

  #done({ id }: OpenSession, number: number): void {
    const change = this.#group.bySession.get(id)?.messages.get(number);
    if (change?.kind !== "queued" || change.isRepeated) {
      return this.#setMessage(id, number, { kind: "done" });
    }
    this.#bytes -= bytesOfMessage(change);
    this.#changesOf(id).messages.delete(number);
    this.#forgetUnchanged(id);
  }

  #setMessage(id: number, number: number, change: MessageChange): void {
    const { messages } = this.#changesOf(id);
    const before = messages.get(number);
    this.#bytes += bytesOfMessage(change) - (before === undefined ? 0 : bytesOfMessage(before));
    messages.set(number, change);
  }

  #takeIn({ id, incoming }: OpenSession, packetId: number): void {
    if (incoming.has(packetId)) return;
    incoming.add(packetId);
    this.#setIncoming(id, packetId, true);
  }

  #release({ id, incoming }: OpenSession, packetId: number): void {
    if (incoming.delete(packetId)) this.#setIncoming(id, packetId, false);
  }

  /** Every call turns what was into its opposite, so the second one of a group takes back the first. */
  #setIncoming(id: number, packetId: number, isIncoming: boolean): void {
    const { incoming } = this.#changesOf(id);
    if (!incoming.delete(packetId)) {
      incoming.set(packetId, isIncoming);
      this.#bytes += rowBytes;
      return;
    }
    this.#bytes -= rowBytes;
    this.#forgetUnchanged(id);
  }

  #retain(topic: string, message: KeptRetained | undefined): void {
    const { retained } = this.#group;
    if (retained.has(topic)) this.#bytes -= bytesOfRetained(topic, retained.get(topic));
    retained.set(topic, message);
    this.#bytes += bytesOfRetained(topic, message);
  }

  #changesOf(id: number): SessionChanges {
    const known = this.#group.bySession.get(id);
    if (known !== undefined) return known;
    const changes = { subscriptions: new Map(), messages: new Map(), incoming: new Map() };
    this.#group.bySession.set(id, changes);
    return changes;
  }

  #forgetUnchanged(id: number): void {
    const { subscriptions, messages, incoming } = this.#changesOf(id);
    if (subscriptions.size + messages.size + incoming.size === 0) this.#group.bySession.delete(id);
  }
}

type SessionChange = Exclude<StoreChange, { readonly kind: "session-opened" | "retained" | "retained-gone" }>;

function emptyGroup(): ChangeGroup {
  return { endedSessions: new Set(), sessions: new Map(), bySession: new Map(), retained: new Map() };
}

/** What holding one row's change costs beside its contents, roughly: an object and its place in a map. */
const rowBytes = 64;

function bytesOfText(text: string): number {
  return rowBytes + text.length;
}

function bytesOfMessage(change: MessageChange): number {
  if (change.kind !== "queued") return rowBytes;
  return rowBytes + change.message.topic.length + change.message.payload.length;
}

function bytesOfRetained(topic: string, message: KeptRetained | undefined): number {
  return (
    rowBytes + topic.length + (message === undefined ? 0 : message.payload.length + message.owner.length)
  );
}
