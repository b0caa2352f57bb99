/**
 * What is said by a client that is connected: packets in, answers out, in their order. Only DISCONNECT and a second
 * CONNECT go on to Aedes: it acknowledges before anything is kept, gives a subscription with wildcards the QoS of the
 * message, keeps subscriptions that were refused, and loses the order of packets of QoS 2 that come together.
 */
import type { BrokerFault, Client } from "../../ports/broker.ts";
import type { Written } from "../../ports/written.ts";
import type { Exchange } from "./exchange.ts";
import { HeldAnswers } from "./held-answers.ts";
import type { Outlet } from "./outlet.ts";
import { type FilterRequest, levelsOf, packetType, readFilters, wrongHeader } from "./packet-rules.ts";
import { type Frame, readPublication, RecentTopic } from "./publication.ts";
import { Replay } from "./replay.ts";
import type { Session } from "./session.ts";

export interface ConversationSink {
  /** Aedes's to handle. */
  pass(packet: Buffer): void;
  cut(fault: BrokerFault, words: string): void;
  /** The client made us work as much as this many packets. */
  worked(packets: number): void;
  /** It is read no further until what waits there is written. */
  waitFor(written: Written): void;
}

const packetIdOf = (bytes: Buffer, at: number): number => bytes.readUInt16BE(at);
const firstByte = { puback: 0x40, pubrec: 0x50, pubcomp: 0x70, suback: 0x90, unsuback: 0xb0 } as const;
const pingresp = Buffer.from([0xd0, 0]);
const refused = 0x80;

export class Conversation {
  readonly #client: Client;
  readonly #session: Session;
  readonly #outlet: Outlet;
  readonly #exchange: Exchange;
  readonly #sink: ConversationSink;
  readonly #replay: Replay;
  readonly #recentTopic = new RecentTopic();
  /** Answers that wait for the disk, or for one that does: they keep their order. */
  readonly #answers: HeldAnswers[] = [];
  /** Marks the oldest answers that wait for it as due; one function for all of them. */
  readonly #dueBy = new Map<Written, (isWritten: boolean) => void>();
  /** Bytes that came since the last of them were brought to disk, about. */
  #unwritten = 0;

  constructor(
    { client, session, outlet }: { client: Client; session: Session; outlet: Outlet },
    exchange: Exchange,
    sink: ConversationSink,
  ) {
    this.#client = client;
    this.#session = session;
    this.#outlet = outlet;
    this.#exchange = exchange;
    this.#sink = sink;
    this.#replay = new Replay({ session, outlet }, exchange.retained, (packets) => sink.worked(packets));
  }

  take(bytes: Buffer, frame: Frame): void {
    const first = bytes[frame.start] ?? 0;
    const type = first >> 4;
    if (type === packetType.publish) {
      const { emitter } = this.#exchange;
      const before = emitter.work;
      this.#publish(bytes, frame);
      const work = emitter.work - before;
      if (work > 0) this.#sink.worked(work);
      return undefined;
    }
    const wrong = wrongHeader(first, frame.end - frame.body);
    return wrong === undefined ? this.#control(type, bytes, frame) : this.#sink.cut("protocol", wrong);
  }

  /** Sends retained messages that were asked for, as fast as the client takes them. */
  replay(): void {
    this.#replay.run();
  }

  #publish(bytes: Buffer, frame: Frame): void {
    const read = readPublication(bytes, frame, this.#exchange.limits, this.#recentTopic);
    if ("fault" in read) return this.#sink.cut(read.fault, read.words);
    const { message, packetId } = read;
    // It came before: once is enough, also when its PUBREC got lost [MQTT-4.3.3-2].
    if (message.qos === 2 && this.#session.incoming.has(packetId))
      return this.#answer(firstByte.pubrec, packetId, undefined);
    const { rules, sessions, limits } = this.#exchange;
    if (message.qos === 2 && this.#session.incoming.size >= limits.incomingQos2Max) {
      const words = `more than ${limits.incomingQos2Max} messages of QoS 2 that it does not release`;
      return this.#sink.cut("qos2-quota", words);
    }
    const verdict = rules.received(this.#client, message.topic, message.payload, message.retain);
    if (verdict.kind === "cut") return this.#sink.cut("not-allowed", verdict.reason);
    const before = this.#exchange.store.changes;
    if (verdict.kind === "pass" && !this.#exchange.publish(message, this.#client.id))
      return this.#sink.cut("retained-quota", `there is no room to retain ${message.topic}`);
    if (message.qos === 2) sessions.incoming(this.#session, packetId);
    const written =
      verdict.kind === "keep" && verdict.written !== undefined
        ? verdict.written
        : this.#exchange.writtenSince(before);
    this.#keepBound(written, frame.end - frame.start);
    if (message.qos === 0) return undefined;
    const first = message.qos === 1 ? firstByte.puback : firstByte.pubrec;
    return this.#answer(first, packetId, written);
  }

  /** Whoever makes the disk fall behind is read no further until it has caught up. */
  #keepBound(written: Written | undefined, bytes: number): void {
    if (written === undefined || written.waitingBytes === 0) return;
    if (this.#unwritten === 0) written.whenWritten(() => (this.#unwritten = 0));
    this.#unwritten += bytes;
    const { storeWaitingMax, storeWaitingPerClientMax } = this.#exchange.limits;
    if (written.waitingBytes > storeWaitingMax || this.#unwritten > storeWaitingPerClientMax)
      this.#sink.waitFor(written);
  }

  /** PUBREL: its answer is due also for an id that is not known. */
  #release(packetId: number): void {
    const before = this.#exchange.store.changes;
    this.#exchange.sessions.released(this.#session, packetId);
    this.#answer(firstByte.pubcomp, packetId, this.#exchange.writtenSince(before));
  }

  #control(type: number, bytes: Buffer, { start, body, end }: Frame): void {
    switch (type) {
      case packetType.puback:
        // The client only answers what it was sent: that does not count against its rate.
        if (this.#session.acknowledged(packetIdOf(bytes, body))) this.#sink.worked(-1);
        return this.replay();
      case packetType.pubrec:
        return this.#session.received(packetIdOf(bytes, body));
      case packetType.pubcomp:
        this.#session.completed(packetIdOf(bytes, body));
        return this.replay();
      case packetType.subscribe:
      case packetType.unsubscribe:
        return this.#filters(type, bytes, body, end);
      case packetType.pingreq:
        return this.#outlet.send(pingresp);
      case packetType.pubrel:
        return this.#release(packetIdOf(bytes, body));
      default:
        // DISCONNECT, and a second CONNECT.
        if (type === packetType.disconnect && !this.#session.isKept) this.#exchange.visits += 1;
    }
    return this.#sink.pass(bytes.subarray(start, end));
  }

  #filters(type: number, bytes: Buffer, body: number, end: number): void {
    const isSubscribe = type === packetType.subscribe;
    const { subscriptionsPerClientMax: filtersMax } = this.#exchange.limits;
    const read = readFilters(bytes, { body, end, filtersMax }, isSubscribe);
    if (read === undefined)
      return this.#sink.cut("too-many-subscriptions", `a packet of more than ${filtersMax} filters`);
    if (typeof read === "string") return this.#sink.cut("protocol", read);
    const { packetId, requests } = read;
    this.#sink.worked(requests.length);
    const before = this.#exchange.store.changes;
    if (!isSubscribe) {
      for (const { filter } of requests) {
        this.#replay.drop(filter);
        this.#exchange.sessions.unsubscribe(this.#session, filter);
      }
      return this.#answer(firstByte.unsuback, packetId, this.#exchange.writtenSince(before));
    }
    const granted = requests.map((request) => this.#subscribe(request));
    const held = this.#heldFor(this.#exchange.writtenSince(before));
    held.add(suback(packetId, granted));
    this.#settle(held);
    this.#keepBound(this.#exchange.writtenSince(before), end - body);
    // The last of the same filter is the one that holds, and one is enough to look it up for.
    const asked = new Map(requests.map(({ filter, qos }, index) => [filter, { qos, code: granted[index] }]));
    for (const [filter, { qos, code }] of asked) if (code !== refused) this.#replay.ask(filter, qos);
    return this.replay();
  }

  /** What was granted, as SUBACK says it. */
  #subscribe({ filter, qos }: FilterRequest): number {
    const { rules, sessions, limits } = this.#exchange;
    const refuse = (fault: BrokerFault, words: string) => {
      const { id } = this.#client;
      const context = { who: id, outcome: "subscription-refused" } as const;
      rules.faulted(fault, `${id} may not subscribe to ${filter.slice(0, 200)}: ${words}`, context);
      return refused;
    };
    if (Buffer.byteLength(filter) > limits.topicBytesMax) return refuse("topic-too-long", "it is too long");
    if (levelsOf(filter) > limits.topicLevelsMax) return refuse("topic-too-deep", "it has too many levels");
    if (!rules.maySubscribe(this.#client, filter)) return refuse("not-allowed", "it is not allowed to");
    if (!sessions.subscribe(this.#session, filter, qos))
      return refuse("too-many-subscriptions", "there are too many");
    return qos;
  }

  /** An answer of four bytes, which is sent once what led to it is written, if it is to be. */
  #answer(first: number, packetId: number, written: Written | undefined): void {
    const held = this.#heldFor(written);
    held.short(first, packetId);
    this.#settle(held);
  }

  /** Answers keep their order: what waits for nothing still waits for those before it. */
  #heldFor(written: Written | undefined): HeldAnswers {
    const waitsFor = written === undefined || written.waitingBytes === 0 ? undefined : written;
    const last = this.#answers.at(-1);
    if (last !== undefined && (waitsFor === undefined || last.isWith(waitsFor))) return last;
    const held = new HeldAnswers(waitsFor);
    this.#answers.push(held);
    return held;
  }

  #settle(held: HeldAnswers): void {
    const { waitsFor } = held;
    if (waitsFor === undefined) {
      if (this.#answers[0] === held) this.#flushAnswers();
    } else if (!held.isAsked) {
      held.isAsked = true;
      waitsFor.whenWritten(this.#dueBy.get(waitsFor) ?? this.#dueWhen(waitsFor));
    }
  }

  #dueWhen(written: Written): (isWritten: boolean) => void {
    const due = (isWritten: boolean): void => {
      if (!isWritten) return this.#sink.cut("session-quota", "what it sent could not be kept");
      const held = this.#answers.find(({ waitsFor }) => waitsFor === written);
      if (held !== undefined) held.waitsFor = undefined;
      return this.#flushAnswers();
    };
    this.#dueBy.set(written, due);
    return due;
  }

  #flushAnswers(): void {
    let due = 0;
    for (const held of this.#answers) {
      if (held.waitsFor !== undefined) break;
      this.#outlet.send(held.bytes);
      due += 1;
    }
    this.#answers.splice(0, due);
  }
}

function suback(packetId: number, granted: readonly number[]): Buffer {
  const length: number[] = [];
  for (let rest = granted.length + 2; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.from([firstByte.suback, ...length, packetId >> 8, packetId & 255, ...granted]);
}
