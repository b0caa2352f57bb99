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
import { type Frame, type Publication, readPublication, RecentTopic } from "./publication.ts";
import { Replay } from "./replay.ts";
import type { Session } from "./session.ts";
import type { Unwritten, Waiting } from "./unwritten.ts";

export interface ConversationSink {
  /** Aedes's to handle. */
  pass(packet: Buffer): void;
  cut(fault: BrokerFault, words: string): void;
  /** The client made us work as much as this many packets. */
  worked(packets: number): void;
  /** Too much waits for the disk: it is read no further until it `goesOn`. */
  hold(): void;
  goOn(): void;
}

const packetIdOf = (bytes: Buffer, at: number): number => bytes.readUInt16BE(at);
const firstByte = { puback: 0x40, pubrec: 0x50, pubcomp: 0x70, suback: 0x90, unsuback: 0xb0 } as const;
const pingresp = Buffer.from([0xd0, 0]);
const refused = 0x80;

/** About what a message that waits costs beside its payload. */
const messageBytes = 200;

export class Conversation implements Waiting {
  readonly #client: Client;
  readonly #session: Session;
  readonly #outlet: Outlet;
  readonly #exchange: Exchange;
  readonly #sink: ConversationSink;
  readonly #replay: Replay;
  readonly #recentTopic = new RecentTopic();
  /** Answers that wait for the disk, or for one that does: they keep their order. */
  readonly #answers: HeldAnswers[] = [];
  /** How many there are. */
  #answersHeld = 0;
  /** Of this too much waits for the disk. */
  #heldBy: Unwritten | undefined;

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

  /** Before anything is taken: what it sent over earlier connections may be too much already. */
  begin(): void {
    this.#exchange.comers += 1;
    for (const unwritten of this.#exchange.allUnwritten) this.#keepBound(unwritten);
  }

  /** `false`: not now; it is to be given again when this goes on. */
  take(bytes: Buffer, frame: Frame): boolean {
    const first = bytes[frame.start] ?? 0;
    const type = first >> 4;
    if (type === packetType.publish) {
      const { emitter } = this.#exchange;
      const before = emitter.work;
      const isTaken = this.#publish(bytes, frame);
      const work = emitter.work - before;
      if (work > 0) this.#sink.worked(work);
      return isTaken;
    }
    const wrong = wrongHeader(first, frame.end - frame.body);
    if (wrong === undefined) this.#control(type, bytes, frame);
    else this.#sink.cut("protocol", wrong);
    return true;
  }

  /** Its client has gone: nobody is to be answered. */
  end(): void {
    this.#answers.length = 0;
    this.#answersHeld = 0;
    this.#heldBy = undefined;
    this.#exchange.gone(this);
  }

  told(unwritten: Unwritten): void {
    for (const held of this.#answers) {
      if (held.waitsFor !== unwritten) continue;
      if (held.question > unwritten.answered) {
        unwritten.watch(this);
        break;
      }
      if (held.question <= unwritten.failed)
        return this.#sink.cut("session-quota", "what it sent could not be kept");
      held.waitsFor = undefined;
    }
    this.#flushAnswers();
    if (this.#heldBy !== unwritten) return undefined;
    this.#heldBy = undefined;
    this.#keepBound(unwritten);
    // What it gives again may be held again.
    return this.#heldBy === undefined ? this.#sink.goOn() : undefined;
  }

  /** Sends retained messages that were asked for, as fast as the client takes them. */
  replay(): void {
    this.#replay.run();
  }

  /** Whether it was taken; also who is cut has had his turn. */
  #publish(bytes: Buffer, frame: Frame): boolean {
    const read = readPublication(bytes, frame, this.#exchange.limits, this.#recentTopic);
    if ("fault" in read) this.#sink.cut(read.fault, read.words);
    else if (this.#isOneMore(read)) return this.#offer(read);
    return true;
  }

  /** Whether it is to be offered: it did not come before, and there may be one more. */
  #isOneMore({ message, packetId }: Publication): boolean {
    if (message.qos !== 2) return true;
    const { incoming } = this.#session;
    // Once is enough, also when its PUBREC got lost [MQTT-4.3.3-2].
    if (incoming.has(packetId)) this.#answer(firstByte.pubrec, packetId, undefined);
    else if (incoming.size < this.#exchange.limits.incomingQos2Max) return true;
    else {
      const words = `more than ${this.#exchange.limits.incomingQos2Max} messages of QoS 2 that it does not release`;
      this.#sink.cut("qos2-quota", words);
    }
    return false;
  }

  #offer({ message, packetId }: Publication): boolean {
    const { rules, sessions, store } = this.#exchange;
    const verdict = rules.received(this.#client, message.topic, message.payload, message.retain);
    if (verdict.kind === "cut") this.#sink.cut("not-allowed", verdict.reason);
    if (verdict.kind === "cut") return true;
    if (verdict.kind === "later") {
      const unwritten = this.#exchange.unwrittenOf(verdict.written);
      unwritten.ask(this, this.#client.id, 0);
      this.#hold(unwritten);
      return false;
    }
    const before = store.changes;
    if (verdict.kind === "pass" && !this.#exchange.publish(message, this.#client.id)) {
      this.#sink.cut("retained-quota", `there is no room to retain ${message.topic}`);
      return true;
    }
    if (message.qos === 2) sessions.incoming(this.#session, packetId);
    const written =
      verdict.kind === "keep" && verdict.written !== undefined
        ? verdict.written
        : this.#exchange.writtenSince(before);
    const bytes = message.payload.length + messageBytes;
    if (message.qos > 0)
      this.#answer(message.qos === 1 ? firstByte.puback : firstByte.pubrec, packetId, written, bytes);
    else if (written !== undefined && written.waitingBytes > 0) this.#ask(written, bytes);
    return true;
  }

  /** The number of the question whether it is written. Who adds too much is read no further until it is. */
  #ask(written: Written, bytes: number): number {
    const unwritten = this.#exchange.unwrittenOf(written);
    const question = unwritten.ask(this, this.#client.id, bytes);
    this.#keepBound(unwritten);
    return question;
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
    const written = this.#exchange.writtenSince(before);
    this.#held(written, messageBytes, (held) => held.add(suback(packetId, granted)));
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
  #answer(first: number, packetId: number, written: Written | undefined, bytes = messageBytes): void {
    this.#held(written, bytes, (held) => held.short(first, packetId));
  }

  /** Answers keep their order: what waits for nothing still waits for those before it. */
  #held(written: Written | undefined, bytes: number, add: (held: HeldAnswers) => void): void {
    const isDue = written === undefined || written.waitingBytes === 0;
    const waitsFor = isDue ? undefined : this.#exchange.unwrittenOf(written);
    const question = waitsFor?.ask(this, this.#client.id, bytes) ?? 0;
    let held = this.#answers.at(-1);
    if (held === undefined || (waitsFor !== undefined && !held.isOf(waitsFor, question))) {
      held = new HeldAnswers(waitsFor, question);
      this.#answers.push(held);
    }
    add(held);
    this.#answersHeld += 1;
    const last = waitsFor ?? this.#answers[0]?.waitsFor;
    if (last === undefined) this.#flushAnswers();
    else this.#keepBound(last);
  }

  /** Whoever has too much on its way to the disk, or adds to a store that has fallen behind, is read no further. */
  #keepBound(unwritten: Unwritten): void {
    const { limits, store } = this.#exchange;
    const bytes = unwritten.bytesOf(this.#client.id);
    const isStoreBehind = unwritten.written === store && store.waitingBytes > limits.storeWaitingMax;
    if (this.#answersHeld >= limits.unwrittenAnswersMax) this.#hold(this.#answers[0]?.waitsFor ?? unwritten);
    else if (bytes > (isStoreBehind ? 0 : limits.unwrittenBytesMax)) this.#hold(unwritten);
  }

  #hold(unwritten: Unwritten): void {
    this.#heldBy = unwritten;
    unwritten.watch(this);
    this.#sink.hold();
  }

  #flushAnswers(): void {
    let due = 0;
    for (const { bytes, count, waitsFor } of this.#answers) {
      if (waitsFor !== undefined) break;
      this.#outlet.send(bytes);
      this.#answersHeld -= count;
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
