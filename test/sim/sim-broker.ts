/**
 * The broker as the hub sees ours, with connections that come over a simulated network: answers wait until the journal
 * has what led to them and keep their order; a connection that breaks takes with it what is on its way, is told by its
 * will, and gives way to a newer one of the same client. Nothing is kept for a client that is away.
 */
import type { Broker, BrokerRules, Client, Verdict } from "../../hub/src/ports/broker.ts";
import { keepaliveSeconds } from "@interactor/shared/wire/limits";
import type { Chance } from "./chance.ts";
import type { Observer } from "./observer.ts";
import type { Packet, Stream } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Surroundings } from "./surroundings.ts";

type Connect = Extract<Packet, { kind: "connect" }>;
type Publish = Extract<Packet, { kind: "publish" }>;

/** The broker gives a client up that it has not heard for so long, in ms. */
const silenceMax = 1500 * keepaliveSeconds;
/** As the real one: of what one client sent, bytes that wait for the disk. More: it is read no further meanwhile. */
const unwrittenBytesMax = 256 * 1024;

export class SimBroker implements Broker {
  readonly usage = {
    sessionsKept: 0,
    sessionsAway: 0,
    sessionBytes: 0,
    retainedMessages: 0,
    retainedBytes: 0,
    subscriptions: 0,
    waitingBytes: 0,
  };
  readonly process: SimProcess;
  readonly rules: BrokerRules;
  readonly observer: Observer;
  readonly chance: Chance;
  readonly #retained = new Map<string, Uint8Array>();
  readonly #connections = new Map<string, ServerConnection>();

  constructor(process: SimProcess, rules: BrokerRules, { observer, chance }: Surroundings) {
    this.process = process;
    this.chance = chance.fork();
    this.rules = rules;
    this.observer = observer;
  }

  get clients(): number {
    return this.#connections.size;
  }

  publish(topic: string, payload: Uint8Array, { retain }: { readonly retain: boolean }): void {
    if (!this.process.isAlive) return;
    this.observer.published(topic, payload);
    if (retain && payload.length > 0) this.#retained.set(topic, payload);
    else if (retain) this.#retained.delete(topic);
    for (const connection of this.#connections.values()) {
      if (connection.hears(topic)) connection.deliver(topic, payload, false);
    }
  }

  send(clientId: string, topic: string, payload: Uint8Array): void {
    if (this.process.isAlive) this.#connections.get(clientId)?.deliver(topic, payload, false);
  }

  /** The retained messages that a filter asks for. */
  retainedFor(filter: string): readonly (readonly [topic: string, payload: Uint8Array])[] {
    return [...this.#retained].filter(([topic]) => matches(filter, topic));
  }

  /** A client has connected: one that was here under its name gives way. */
  entered(connection: ServerConnection): void {
    const { id } = connection.client;
    const before = this.#connections.get(id);
    this.#connections.set(id, connection);
    // Its will is told of before the new one is heard, as Aedes does; an echo of it may come late.
    before?.cut(this.chance.is(0.5) ? this.chance.between(1, 100) : 0);
  }

  left(connection: ServerConnection): void {
    const { id } = connection.client;
    if (this.#connections.get(id) === connection) this.#connections.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.values()) connection.cut();
  }
}

/** `ix/1/site/n/node/down/+`, `…/stop/#`, or a topic. */
function matches(filter: string, topic: string): boolean {
  if (filter.endsWith("/#")) return topic.startsWith(filter.slice(0, -1));
  if (!filter.endsWith("/+")) return filter === topic;
  const base = filter.slice(0, -1);
  return topic.startsWith(base) && !topic.slice(base.length).includes("/");
}

interface Answer {
  readonly packet: Packet;
  readonly bytes: number;
  isDue: boolean;
  readonly sent: () => void;
}

export class ServerConnection {
  client: Client = { id: "", user: "" };
  readonly #broker: SimBroker;
  readonly #out: Stream;
  readonly #ended: () => void;
  readonly #filters: string[] = [];
  /** In their order; those behind one that waits for the disk wait too. */
  readonly #answers: Answer[] = [];
  /** What has come and is not read: the client has to wait. */
  readonly #unread: Packet[] = [];
  #unwrittenBytes = 0;
  #isHeld = false;
  #will: Connect["will"] | undefined;
  #nextId = 1;
  #isOpen = true;
  #heardAt: number;

  /** `ended`: it says no more and hears nothing. */
  constructor(broker: SimBroker, out: Stream, ended: () => void) {
    this.#broker = broker;
    this.#out = out;
    this.#ended = ended;
    this.#heardAt = broker.process.now;
    this.#watch();
  }

  hears(topic: string): boolean {
    return this.#filters.some((filter) => matches(filter, topic));
  }

  deliver(topic: string, payload: Uint8Array, retain: boolean): void {
    if (!this.#isOpen) return;
    this.#broker.observer.sentDown(this, topic, payload);
    this.#out.send({ kind: "publish", topic, payload, retain, id: this.#nextId++ });
  }

  arrived(packet: Packet): void {
    if (!this.#isOpen) return;
    this.#heardAt = this.#broker.process.now;
    this.#unread.push(packet);
    this.#read();
  }

  /** Ends it, as the broker does; who left its will is told of by it. */
  cut(echoAfter = 0): void {
    if (!this.#isOpen) return;
    this.#out.send({ kind: "closed" });
    this.#end(echoAfter);
  }

  #end(echoAfter = 0): void {
    this.#isOpen = false;
    this.#broker.left(this);
    this.#ended();
    const will = this.#will;
    this.#will = undefined;
    if (will === undefined) return;
    const tell = () => void this.#take(will.topic, will.payload, true);
    tell();
    if (echoAfter > 0) this.#broker.process.after(echoAfter, tell);
  }

  #watch(): void {
    const { process } = this.#broker;
    const left = silenceMax - (process.now - this.#heardAt);
    process.after(Math.max(left, 1), () => {
      if (!this.#isOpen) return;
      if (process.now - this.#heardAt >= silenceMax) this.cut();
      else this.#watch();
    });
  }

  #read(): void {
    while (this.#isOpen && !this.#isHeld) {
      const packet = this.#unread.shift();
      if (packet === undefined) return;
      this.#handle(packet);
    }
  }

  #handle(packet: Packet): void {
    switch (packet.kind) {
      case "connect":
        return this.#connect(packet);
      case "subscribe":
        for (const filter of packet.filters) {
          if (this.#broker.rules.maySubscribe(this.client, filter)) this.#filters.push(filter);
        }
        this.#answer({ kind: "suback" });
        for (const filter of packet.filters) {
          for (const [topic, payload] of this.#broker.retainedFor(filter)) this.deliver(topic, payload, true);
        }
        return undefined;
      case "publish":
        return this.#publish(packet);
      case "ping":
        return this.#answer({ kind: "pong" });
      case "disconnect":
        this.#will = undefined;
        return this.#end();
      case "closed":
        return this.#end();
      default:
        return undefined;
    }
  }

  #connect({ clientId, unit, will }: Connect): void {
    this.client = { id: clientId, user: unit };
    const admission = this.#broker.rules.admit({ ...this.client, password: undefined });
    const isWelcome = admission.kind === "welcome";
    this.#out.send({ kind: "connack", isWelcome });
    if (!isWelcome) return this.cut();
    this.#broker.entered(this);
    this.#will = will;
    return undefined;
  }

  #publish(packet: Publish): void {
    const verdict = this.#take(packet.topic, packet.payload, packet.retain);
    switch (verdict.kind) {
      case "cut":
        return this.cut();
      case "later":
        this.#unread.unshift(packet);
        return this.#holdFor(verdict.written);
      default: {
        const written = verdict.kind === "keep" ? verdict.written : undefined;
        return this.#answer({ kind: "puback", id: packet.id }, packet, written);
      }
    }
  }

  #take(topic: string, payload: Uint8Array, retain: boolean): Verdict {
    this.#broker.observer.heard(topic, payload);
    const verdict = this.#broker.rules.received(this.client, topic, payload, retain);
    if (verdict.kind === "pass") this.#broker.publish(topic, payload, { retain });
    return verdict;
  }

  #answer(packet: Packet, of?: Publish, written?: Extract<Verdict, { kind: "keep" }>["written"]): void {
    const bytes = of?.payload.length ?? 0;
    const sent = () => {
      if (of !== undefined) this.#broker.observer.acknowledged(this.client.id, of.topic, of.payload);
    };
    const answer = { packet, bytes, isDue: written === undefined, sent };
    this.#answers.push(answer);
    if (written === undefined) return this.#flush();
    this.#unwrittenBytes += bytes;
    written.whenWritten((isWritten) => {
      if (!isWritten) return;
      this.#unwrittenBytes -= bytes;
      answer.isDue = true;
      this.#flush();
    });
    if (this.#unwrittenBytes > unwrittenBytesMax) this.#holdFor(written);
    return undefined;
  }

  #holdFor(written: NonNullable<Extract<Verdict, { kind: "later" }>["written"]>): void {
    this.#isHeld = true;
    written.whenWritten(() => {
      this.#isHeld = false;
      this.#read();
    });
  }

  #flush(): void {
    if (!this.#isOpen) return;
    while (this.#answers[0]?.isDue === true) {
      const answer = this.#answers.shift();
      if (answer === undefined) return;
      answer.sent();
      this.#out.send(answer.packet);
    }
  }
}
