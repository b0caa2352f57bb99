/**
 * What the broker knows of one client (MQTT 3.1.1 section 4.1): its subscriptions, and its messages of QoS 1 and 2
 * until it has acknowledged them. A clean session lives as long as the connection; a kept one outlives it, and what it
 * keeps is told to the ledger.
 */
import type { Qos } from "../../ports/broker-store.ts";
import type { Subscriber } from "./emitter.ts";
import { type Message, publishFlag, setPacketId } from "./message.ts";
import type { Outlet } from "./outlet.ts";
import type { Retained } from "./retained.ts";

export interface SessionLimits {
  readonly inFlightMax: number;
  readonly sessionMessagesMax: number;
  readonly outgoingBytesMax: number;
  readonly sessionBytesMax: number;
}

/** A message of QoS 1 or 2 until its delivery is complete. */
export interface Pending {
  readonly number: number;
  readonly qos: 1 | 2;
  /** The whole packet. */
  readonly packet: Buffer;
  packetId: number | undefined;
  /** The client has it (PUBREC); its release (PUBREL) goes on. */
  isReceived: boolean;
}

/** Told of what a kept session keeps. */
export interface SessionLedger {
  queued(session: Session, pending: Pending, message: Message): void;
  sent(session: Session, pending: Pending): void;
  received(session: Session, pending: Pending): void;
  done(session: Session, pending: Pending): void;
  evicted(session: Session, pending: Pending): void;
  /** More messages wait in it than may. */
  overfull(session: Session): void;
}

/** What a message costs beside its packet, so that many small ones count for what they are. */
const overheadBytes = 256;
/** Bytes that a message counts for against the bounds. */
export const weightOf = ({ packet }: Pending): number => packet.length + overheadBytes;

const packetIdMax = 65_535;
const pubrel = (packetId: number): Buffer => Buffer.from([0x62, 2, packetId >> 8, packetId & 255]);

export class Session implements Subscriber {
  readonly client: string;
  readonly isKept: boolean;
  readonly subscriptions = new Map<string, Qos>();
  /** Packet ids of its own QoS 2 messages that it has not released. */
  readonly incoming = new Set<number>();
  /** What its messages weigh. */
  bytes = 0;
  readonly #limits: SessionLimits;
  readonly #ledger: SessionLedger;
  readonly #inFlight = new Map<number, Pending>();
  readonly #waiting: Pending[] = [];
  #waitingBytes = 0;
  #nextNumber = 1;
  #packetId = 0;
  #isEnded = false;
  #outlet: Outlet | undefined;
  #cut: ((words: string) => void) | undefined;

  constructor(client: string, isKept: boolean, limits: SessionLimits, ledger: SessionLedger) {
    this.client = client;
    this.isKept = isKept;
    this.#limits = limits;
    this.#ledger = ledger;
  }

  get isHere(): boolean {
    return this.#outlet !== undefined;
  }

  /** Whether another message could be sent at once. */
  get hasRoom(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size < this.#limits.inFlightMax;
  }

  /** Messages that are kept. */
  get messages(): number {
    return this.#inFlight.size + this.#waiting.length;
  }

  /** Puts back what a store kept; before anything is delivered. */
  restore(pending: Pending): void {
    this.bytes += weightOf(pending);
    this.#nextNumber = Math.max(this.#nextNumber, pending.number + 1);
    if (pending.packetId === undefined) this.#wait(pending);
    else {
      this.#inFlight.set(pending.packetId, pending);
      this.#packetId = pending.packetId;
    }
  }

  /** The client is here: what it did not acknowledge is sent again, in its order, then what waits. */
  attach(outlet: Outlet, cut: (words: string) => void): void {
    this.#outlet = outlet;
    this.#cut = cut;
    for (const pending of this.#inFlight.values()) {
      if (pending.isReceived) outlet.send(pubrel(pending.packetId ?? 0));
      else {
        pending.packet[0] = (pending.packet[0] ?? 0) | publishFlag.duplicate;
        outlet.send(pending.packet);
      }
    }
    this.#pump();
  }

  /** It is over: nothing is delivered any more, also not what is on its way to it. */
  end(): void {
    this.#isEnded = true;
  }

  detach(): void {
    this.#outlet = undefined;
    this.#cut = undefined;
  }

  deliver(message: Message, qos: Qos): void {
    if (qos === 0) this.#outlet?.send(message.sharedPacket(), message.topic);
    else this.#keep(message, qos, false);
  }

  /** A message that was retained before the client subscribed (section 3.3.1.3). */
  deliverRetained(retained: Retained, qos: Qos): void {
    if (qos === 0) this.#outlet?.send(retained.packet);
    else this.#keep(retained.message(), qos, true);
  }

  /** PUBACK. Whether it was for something. */
  acknowledged(packetId: number): boolean {
    const isDue = this.#inFlight.get(packetId)?.qos === 1;
    if (isDue) this.#complete(packetId);
    return isDue;
  }

  /** PUBREC: the release is sent also for an id that is not known, so that the client can end its part. */
  received(packetId: number): void {
    const pending = this.#inFlight.get(packetId);
    if (pending?.qos === 2 && !pending.isReceived) {
      pending.isReceived = true;
      if (this.isKept) this.#ledger.received(this, pending);
    }
    this.#outlet?.send(pubrel(packetId));
  }

  /** PUBCOMP. */
  completed(packetId: number): void {
    if (this.#inFlight.get(packetId)?.isReceived === true) this.#complete(packetId);
  }

  /** What its messages weigh that may be given up: while its client is here, those that were not sent. */
  get evictableBytes(): number {
    return this.isHere ? this.#waitingBytes : this.bytes;
  }

  /** Gives up the oldest message that may be. Whether there was one. */
  evictOldest(): boolean {
    const pending = this.#oldest();
    if (pending === undefined) return false;
    this.bytes -= weightOf(pending);
    this.#ledger.evicted(this, pending);
    return true;
  }

  #keep(message: Message, qos: 1 | 2, retain: boolean): void {
    if (this.#isEnded || (this.#outlet === undefined && !this.isKept)) return;
    const packet = message.packet(qos, retain);
    const number = this.#nextNumber++;
    const pending: Pending = { number, qos, packet, packetId: undefined, isReceived: false };
    this.bytes += weightOf(pending);
    if (this.isKept) this.#ledger.queued(this, pending, message);
    if (this.#outlet !== undefined && this.hasRoom) this.#send(this.#outlet, pending);
    else this.#wait(pending);
    if (this.isKept && this.#waiting.length > this.#limits.sessionMessagesMax) this.#ledger.overfull(this);
    if (this.bytes > Math.min(this.#limits.outgoingBytesMax, this.#limits.sessionBytesMax))
      this.#cut?.(`${this.messages} messages of ${this.bytes} bytes wait for its acknowledgement`);
  }

  #oldest(): Pending | undefined {
    const [sent] = this.isHere ? [] : this.#inFlight.values();
    if (sent?.packetId !== undefined) {
      this.#inFlight.delete(sent.packetId);
      return sent;
    }
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) this.#waitingBytes -= weightOf(waiting);
    return waiting;
  }

  #wait(pending: Pending): void {
    this.#waitingBytes += weightOf(pending);
    this.#waiting.push(pending);
  }

  #send(outlet: Outlet, pending: Pending): void {
    do this.#packetId = this.#packetId === packetIdMax ? 1 : this.#packetId + 1;
    while (this.#inFlight.has(this.#packetId));
    pending.packetId = this.#packetId;
    setPacketId(pending.packet, pending.packetId);
    this.#inFlight.set(pending.packetId, pending);
    if (this.isKept) this.#ledger.sent(this, pending);
    outlet.send(pending.packet);
  }

  #complete(packetId: number): void {
    const pending = this.#inFlight.get(packetId);
    if (pending === undefined) return;
    this.#inFlight.delete(packetId);
    this.bytes -= weightOf(pending);
    if (this.isKept) this.#ledger.done(this, pending);
    if (this.#waiting.length > 0) this.#pump();
  }

  #pump(): void {
    const outlet = this.#outlet;
    if (outlet === undefined) return;
    const free = this.#limits.inFlightMax - this.#inFlight.size;
    for (const pending of this.#waiting.splice(0, Math.max(free, 0))) {
      this.#waitingBytes -= weightOf(pending);
      this.#send(outlet, pending);
    }
  }
}
