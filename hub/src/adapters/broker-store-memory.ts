/** Keeps as long as it lives: what a store on disk is held to, and the store of a broker that is to leave no trace. */
import type {
  BrokerStore,
  KeptMessage,
  KeptRetained,
  KeptSession,
  Qos,
  StoreChange,
} from "../ports/broker-store.ts";
import type { Micros } from "@interactor/shared/kernel/units";

type Contents = BrokerStore["kept"];

export interface MemoryBrokerStore extends BrokerStore {
  /** What it keeps now: sessions by client, what is retained by topic. */
  contents(): Contents;
}

interface Session {
  awaySince: Micros | undefined;
  readonly subscriptions: Map<string, Qos>;
  readonly messages: Map<number, KeptMessage & { packetId: number | undefined; isReceived: boolean }>;
  readonly incoming: Set<number>;
}

/** `kept`: what an earlier one kept. */
export function memoryBrokerStore(kept: Contents = { sessions: [], retained: [] }): MemoryBrokerStore {
  const sessions = new Map(kept.sessions.map((session) => [session.client, restored(session)]));
  const retained = new Map(kept.retained.map((message) => [message.topic, message]));
  let changes = 0;
  return {
    kept,
    write(change) {
      changes += 1;
      if (change.kind === "retained") retained.set(change.message.topic, change.message);
      else if (change.kind === "retained-gone") retained.delete(change.topic);
      else if (change.kind === "session-opened") sessions.set(change.client, emptySession());
      else if (change.kind === "session-ended") sessions.delete(change.client);
      else changeSession(sessions.get(change.client), change);
    },
    whenWritten: (done) => done(true),
    group: 0,
    waitingBytes: 0,
    problem: undefined,
    get changes() {
      return changes;
    },
    contents: () => ({
      sessions: [...sessions].map(([client, session]) => keptSession(client, session)).toSorted(byClient),
      retained: [...retained.values()].toSorted(byTopic),
    }),
    async [Symbol.asyncDispose]() {
      // Nothing waits.
    },
  };
}

type InSession = Exclude<
  StoreChange,
  { readonly kind: "retained" | "retained-gone" | "session-opened" | "session-ended" }
>;

function changeSession(session: Session | undefined, change: InSession): void {
  if (session === undefined) return;
  switch (change.kind) {
    case "session-away":
      session.awaySince = change.since;
      return;
    case "subscribed":
      return void session.subscriptions.set(change.filter, change.qos);
    case "unsubscribed":
      return void session.subscriptions.delete(change.filter);
    case "queued":
      return void session.messages.set(change.message.number, {
        ...change.message,
        packetId: undefined,
        isReceived: false,
      });
    case "done":
      return void session.messages.delete(change.number);
    case "incoming":
      return void session.incoming.add(change.packetId);
    case "incoming-released":
      return void session.incoming.delete(change.packetId);
    default: {
      const message = session.messages.get(change.number);
      if (message === undefined) return;
      if (change.kind === "sent") message.packetId = change.packetId;
      else message.isReceived = true;
    }
  }
}

function emptySession(): Session {
  return { awaySince: undefined, subscriptions: new Map(), messages: new Map(), incoming: new Set() };
}

function restored({ awaySince, subscriptions, messages, incoming }: KeptSession): Session {
  return {
    awaySince,
    subscriptions: new Map(subscriptions.map(({ filter, qos }) => [filter, qos])),
    messages: new Map(messages.map((message) => [message.number, { ...message }])),
    incoming: new Set(incoming),
  };
}

function keptSession(client: string, session: Session): KeptSession {
  const filters = [...session.subscriptions].map(([filter, qos]) => ({ filter, qos }));
  return {
    client,
    awaySince: session.awaySince,
    subscriptions: filters.toSorted((left, right) => compare(left.filter, right.filter)),
    messages: [...session.messages.values()].toSorted((left, right) => left.number - right.number),
    incoming: [...session.incoming].toSorted((left, right) => left - right),
  };
}

function byClient(left: KeptSession, right: KeptSession): number {
  return compare(left.client, right.client);
}

function byTopic(left: KeptRetained, right: KeptRetained): number {
  return compare(left.topic, right.topic);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
