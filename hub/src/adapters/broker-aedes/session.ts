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
  readonly outgoingAgeMax: number;
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

/** Told of what a session keeps; `queued`, `sent`, `received` and `done` only of one that is kept. */
export interface SessionLedger {
  queued(session: Session, pending: Pending, message: Message): void;
  sent(session: Session, pending: Pending): void;
  received(session: Session, pending: Pending): void;
  done(session: Session, pending: Pending): void;
  evicted(session: Session, pending: Pending): void;
  /** More waits in it than may: its oldest message is to go. */
  overfull(session: Session): void;
  /** So many bytes more wait for clients that are here; or fewer. */
  weighed(bytes: number): void;
}

/** What a message costs beside its packet, so that many small ones count for what they are. */
const overheadBytes = 256;
/** Bytes that a message counts for against the bounds. */
export const weightOf = ({ packet }: Pending): number => packet.length + overheadBytes;

/**
 * Bytes that are on their way to one client, and those of them that its socket has yet to take: what waits beyond them
 * may still give way, and a backlog that is larger than a client may leave in its socket goes out bit by bit.
 */
const inFlightBytesMax = 1024 * 1024;
const outletBytesMax = 256 * 1024;

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
  /** On their way in an earlier connection, and still to be sent again in this one. */
  #again: Iterator<Pending> | undefined;
  /** When the client confirmed something, or came. */
  #confirmedAt = 0;
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
    return this.#waiting.length === 0 && this.#again === undefined && this.#mayLeave;
  }

  get #mayLeave(): boolean {
    return (
      this.#inFlight.size < this.#limits.inFlightMax &&
      this.bytes - this.#waitingBytes < inFlightBytesMax &&
      (this.#outlet?.bytes ?? 0) < outletBytesMax
    );
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
    this.#confirmedAt = performance.now();
    this.#again = [...this.#inFlight.values()].values();
    this.#ledger.weighed(this.bytes);
    this.pump();
  }

  /** It is over: nothing is delivered any more, also not what is on its way to it. */
  end(): void {
    this.#isEnded = true;
  }

  detach(): void {
    if (this.#outlet !== undefined) this.#ledger.weighed(-this.bytes);
    this.#outlet = undefined;
    this.#again = undefined;
    this.#cut = undefined;
  }

  deliver(message: Message, qos: Qos): void {
    if (qos !== 0) return this.#keep(message, qos, false);
    const outlet = this.#outlet;
    outlet?.send(
      outlet.isBlocked ? message.waitingPacket() : message.sharedPacket(),
      message.topic,
      message.isState,
    );
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
      this.#confirmedAt = performance.now();
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
    this.#weigh(-weightOf(pending));
    this.#ledger.evicted(this, pending);
    return true;
  }

  /** Sends what may leave. */
  pump(): void {
    const outlet = this.#outlet;
    if (outlet === undefined || !this.#sendAgain(outlet)) return;
    let count = 0;
    for (let next = this.#waiting[0]; next !== undefined && this.#mayLeave; next = this.#waiting[++count]) {
      this.#waitingBytes -= weightOf(next);
      this.#send(outlet, next);
    }
    if (count > 0) this.#waiting.splice(0, count);
  }

  #weigh(bytes: number): void {
    this.bytes += bytes;
    if (this.#outlet !== undefined) this.#ledger.weighed(bytes);
  }

  #keep(message: Message, qos: 1 | 2, retain: boolean): void {
    if (this.#isEnded || (this.#outlet === undefined && !this.isKept)) return;
    const packet = message.packet(qos, retain);
    const number = this.#nextNumber++;
    const pending: Pending = { number, qos, packet, packetId: undefined, isReceived: false };
    const isNext = this.#outlet !== undefined && this.hasRoom;
    this.#weigh(weightOf(pending));
    if (this.isKept) this.#ledger.queued(this, pending, message);
    if (this.#outlet !== undefined && isNext) this.#send(this.#outlet, pending);
    else this.#wait(pending);
    this.#keepBound();
  }

  /** Who is away may leave so many messages; who is here and confirms what comes, so many bytes; who does not, is cut. */
  #keepBound(): void {
    const { sessionMessagesMax, sessionBytesMax, outgoingBytesMax, outgoingAgeMax } = this.#limits;
    if (!this.isHere) {
      if (this.#waiting.length > sessionMessagesMax) this.#ledger.overfull(this);
      return;
    }
    if (this.bytes <= (this.isKept ? sessionBytesMax : outgoingBytesMax)) return;
    const isConfirming = performance.now() - this.#confirmedAt < outgoingAgeMax;
    if (isConfirming && this.#waiting.length > 0) this.#ledger.overfull(this);
    else this.#cut?.(`${this.messages} messages of ${this.bytes} bytes wait for its acknowledgement`);
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
    this.#confirmedAt = performance.now();
    this.#weigh(-weightOf(pending));
    if (this.isKept) this.#ledger.done(this, pending);
    if (this.#waiting.length > 0 || this.#again !== undefined) this.pump();
  }

  /** Whether everything was sent again that is to be. */
  #sendAgain(outlet: Outlet): boolean {
    while (this.#again !== undefined) {
      if (outlet.bytes >= outletBytesMax) return false;
      const { value, done } = this.#again.next();
      if (done === true) this.#again = undefined;
      // It may have been confirmed meanwhile.
      else if (this.#inFlight.get(value.packetId ?? 0) === value) sendOnceMore(outlet, value);
    }
    return true;
  }
}

function sendOnceMore(outlet: Outlet, { packet, packetId = 0, isReceived }: Pending): void {
  if (isReceived) return outlet.send(pubrel(packetId));
  packet[0] = (packet[0] ?? 0) | publishFlag.duplicate;
  return outlet.send(packet);
}
