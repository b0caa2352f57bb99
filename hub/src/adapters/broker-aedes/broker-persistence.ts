/**
 * Sessions and retained messages as Aedes asks for them. Subscriptions and what waits for clients are handled in
 * front of it, so it is told that there are none to restore and nothing to send; that a session is there it must know,
 * for its CONNACK. What it asks for are the packet ids of QoS 2 messages and what becomes of retained wills.
 */
import { Readable } from "node:stream";
import type { Exchange } from "./exchange.ts";
import { type EmittedPacket, messageOf } from "./emitter.ts";
import type { Session } from "./session.ts";

interface Named {
  readonly id: string;
}
interface Identified {
  readonly messageId?: number | undefined;
}

/** Aedes takes "no subscriptions" for "no session"; this one says that there is one, and nobody is let subscribe to it. */
const sessionMark = { topic: "$session", qos: 0 } as const;

export class BrokerPersistence {
  readonly #exchange: Exchange;
  /** The session of a client that is connected. */
  readonly #sessionOf: (client: string) => Session | undefined;

  constructor(exchange: Exchange, sessionOf: (client: string) => Session | undefined) {
    this.#exchange = exchange;
    this.#sessionOf = sessionOf;
  }

  async setup(): Promise<void> {
    // Everything was read when the store was opened.
  }

  async destroy(): Promise<void> {
    // The store is closed by whoever opened it.
  }

  async storeRetained(packet: EmittedPacket & { readonly clientId?: string }): Promise<void> {
    const message = messageOf(packet);
    if (this.#exchange.retained.take(message, packet.clientId ?? "")) return;
    throw new QuotaError(`there is no room to retain ${message.topic}`);
  }

  async subscriptionsByClient({ id }: Named): Promise<readonly (typeof sessionMark)[]> {
    const { sessions } = this.#exchange;
    if (sessions.has(id)) return [sessionMark];
    sessions.begin(id);
    await this.#written();
    return [];
  }

  /** A client that wants a clean session ends the one that was kept [MQTT-3.1.2-6]. */
  async cleanSubscriptions({ id }: Named): Promise<void> {
    const { sessions } = this.#exchange;
    if (!sessions.has(id)) return;
    sessions.end(id);
    await this.#written();
  }

  /** What a CONNACK says holds also after a power cut. */
  #written(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#exchange.store.whenWritten((isWritten) => {
      if (isWritten) resolve();
      else reject(new Error("its session could not be kept"));
    });
    return promise;
  }

  async subscriptionsByTopic(): Promise<readonly never[]> {
    return [];
  }

  async outgoingEnqueueCombi(): Promise<void> {
    // Nobody is named by `subscriptionsByTopic`.
  }

  outgoingStream(): Readable {
    return emptyStream();
  }

  /** Resolves when the message is known already, and rejects when it is new. */
  async incomingGetPacket({ id }: Named, packet: Identified): Promise<Identified> {
    if (this.#sessionOf(id)?.incoming.has(packet.messageId ?? 0) === true) return packet;
    throw new Error(`packet ${packet.messageId} of ${id} is new`);
  }

  async incomingStorePacket({ id }: Named, { messageId: packetId = 0 }: Identified): Promise<void> {
    const session = this.#sessionOf(id);
    if (session !== undefined) this.#exchange.sessions.incoming(session, packetId);
  }

  async incomingDelPacket({ id }: Named, { messageId: packetId = 0 }: Identified): Promise<void> {
    const session = this.#sessionOf(id);
    if (session !== undefined) this.#exchange.sessions.released(session, packetId);
  }

  async cleanIncoming(): Promise<void> {
    // They end with the session.
  }

  async putWill(): Promise<void> {
    // Aedes holds the will of a client that is connected; it does not outlive the hub.
  }

  async delWill(): Promise<void> {
    // See `putWill`.
  }

  streamWill(): Readable {
    return emptyStream();
  }
}

/** Cheaper than `Readable.from([])`, and there is one for each client that connects. */
function emptyStream(): Readable {
  return new Readable({
    objectMode: true,
    read() {
      this.push(null);
    },
  });
}

/** A message that there is no room for: its client is cut, because MQTT 3.1.1 has no other way to say so. */
export class QuotaError extends Error {}
