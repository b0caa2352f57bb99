/** What waits to go to the hub: readings, what inputs hold, and receipts, in the lanes of a `LaneSender`. */
import { earliest, type Instant, later, type Micros } from "@interactor/shared/kernel/units";
import { type Entry, entryFlag, hasFlag, type Quality, quality } from "@interactor/shared/wire/entry";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { type Publish, LaneSender } from "@interactor/shared/wire/lane-sender";
import { conflated } from "@interactor/shared/wire/lane-queue";
import { Ledger, type Loss } from "@interactor/shared/wire/ledger";
import {
  clockExchangeTtl,
  echoInterval,
  queueBytesMax,
  queueMessagesMax,
  ttlDefault,
} from "@interactor/shared/wire/limits";
import { clockAskBody } from "@interactor/shared/wire/messages/clock-exchange";
import { readReceiptBody, type Receipt, receiptBody } from "@interactor/shared/wire/messages/receipt";
import { type Reply, resultBody } from "@interactor/shared/wire/messages/reply";
import type { Session } from "@interactor/shared/wire/session";
import type { Value } from "@interactor/shared/wire/value";
import type { Delivery } from "@interactor/shared/wire/messages/port";
import type { SpoolQueue } from "./spool-queue.ts";
import { SpoolSender } from "./spool-sender.ts";

export interface Reading {
  /** `instance/output`. */
  readonly from: string;
  readonly value: Value;
  readonly at: Micros;
  readonly quality: Quality;
  readonly deliver: Delivery;
  /** Goes on the critical lane. */
  readonly isUrgent?: boolean;
  /** Said again, later than it happened. */
  readonly isHistorical?: boolean;
  /** Stamped before the node knew the hub's clock. */
  readonly isUnsynchronised?: boolean;
}

export interface OutboxSpool {
  readonly queue: SpoolQueue;
  /** See `SpoolSender`. */
  readonly isAwaited: (from: string, at: Instant) => boolean;
}

export class Outbox {
  readonly ledger = new Ledger();
  /** Without one, what is durable is held in memory. */
  readonly spool: SpoolSender | undefined;
  readonly #sender: LaneSender;
  /** What inputs hold, waiting for its echo; the newest per input. */
  readonly #echoes = new Map<string, Pick<Reading, "value" | "at" | "isUnsynchronised">>();
  readonly #echoOpenAt = new Map<string, Instant>();
  /** By lane, a receipt that a full queue did not keep: the hub's window would stay shut without it. */
  readonly #owed = new Map<Lane, Entry>();
  /** Whether what is stamped here from now on is stamped in the hub's time. */
  isClockSynchronised = false;

  constructor(session: Session, spool?: OutboxSpool) {
    const limits = { messagesMax: queueMessagesMax, bytesMax: queueBytesMax };
    this.#sender = new LaneSender(session, limits, this.ledger, {
      ended: (entry, loss) => this.#ended(entry, loss),
    });
    this.spool = spool && new SpoolSender(spool.queue, this.ledger, spool.isAwaited);
  }

  get queued(): number {
    return this.#sender.queued + (this.spool?.queued ?? 0);
  }

  /** Messages of one lane whose end has not been counted. */
  depth(of: Lane): number {
    return this.#sender.depth(of) + (of === lane.bulk ? (this.spool?.queued ?? 0) : 0);
  }

  /** Messages of one lane that are in memory alone. */
  inMemory(of: Lane): number {
    return this.#sender.inMemory(of) + (of === lane.bulk ? (this.spool?.inMemory ?? 0) : 0);
  }

  /** Messages of one lane that an end in good order takes with it: what lies on the disk is not among them. */
  lostAtEnd(of: Lane): number {
    return this.#sender.depth(of) + (of === lane.bulk ? (this.spool?.inMemory ?? 0) : 0);
  }

  /** Whether critical messages fill it, so that the next one has to be refused. */
  get isCriticalFull(): boolean {
    return this.#sender.isFullOf(lane.critical);
  }

  reading(reading: Reading, at: Instant): void {
    const { deliver, from } = reading;
    const entry = entryOf(reading, deliver === "every" ? ttlDefault : null);
    if (deliver === "durable" && this.spool !== undefined) return this.spool.offer(entry, at);
    const key = deliver === "latest" ? from : undefined;
    this.#sender.offer({ lane: this.#laneOf(reading), entry, key }, at);
    return undefined;
  }

  /** A reading whose stamp is no time of this site. */
  wrongTime(reading: Pick<Reading, "deliver" | "isUrgent">): void {
    const of = this.#laneOf(reading);
    this.ledger.produced(of);
    this.ledger.lost(of, { end: "refused", reason: "wrong-time" });
  }

  #laneOf({ deliver, isUrgent }: Pick<Reading, "deliver" | "isUrgent">): Lane {
    if (deliver === "durable" && this.spool !== undefined) return lane.bulk;
    return isUrgent === true ? lane.critical : lane.telemetry;
  }

  /** What an actuator input holds now; thinned, because people watch it and nobody acts on it. */
  held(from: string, value: Value, wall: Micros, at: Instant): void {
    this.#echoes.set(from, { value, at: wall, isUnsynchronised: !this.isClockSynchronised });
    this.#echo(from, at);
  }

  receipt(receipt: Receipt, wall: Micros, at: Instant): void {
    const entry = this.#control(receiptBody(receipt), entryFlag.receipt, wall);
    this.#receipt(receipt.lane, entry, at);
  }

  #receipt(of: Lane, entry: Entry, at: Instant): void {
    this.#owed.delete(of);
    this.#sender.offer({ lane: lane.control, entry, key: `receipt ${of}` }, at);
  }

  #ended(entry: Entry, loss: Loss): void {
    // A newer one speaks for it.
    if (loss === conflated) return;
    const receipt = hasFlag(entry, entryFlag.receipt) ? readReceiptBody(entry.body) : undefined;
    if (receipt !== undefined) this.#owed.set(receipt.lane, entry);
  }

  /** What became of a command that asked; later than this nobody waits for it. */
  result(reply: Reply, wall: Micros, at: Instant): void {
    const entry = { ...this.#control(resultBody(reply), entryFlag.result, wall), ttl: ttlDefault };
    this.#sender.offer({ lane: lane.control, entry, key: undefined }, at);
  }

  /** Asks for the hub's clock. A newer question replaces one that waits. */
  clock(askedAt: number, wall: Micros, at: Instant): void {
    const entry = { ...this.#control(clockAskBody(askedAt), entryFlag.clock, wall), ttl: clockExchangeTtl };
    this.#sender.offer({ lane: lane.control, entry, key: "clock" }, at);
  }

  #control(value: Value, flag: number, wall: Micros): Entry {
    const isUnsynchronised = !this.isClockSynchronised;
    const entry = entryOf({ from: "", value, at: wall, quality: quality.good, isUnsynchronised }, null);
    return { ...entry, flags: entry.flags | flag };
  }

  /** The hub has everything of `of` up to what was published under this number. */
  confirmed(of: Lane, seq: number): void {
    if (of === lane.bulk && this.spool !== undefined) this.spool.confirm(seq);
    else this.#sender.confirm(of, seq);
  }

  connected(): void {
    this.#sender.connected();
    this.spool?.connected();
  }

  disconnected(): void {
    this.#sender.disconnected();
    this.spool?.disconnected();
  }

  /** Sends what may go. Returns when to pump again. */
  pump(at: Instant, publish: Publish): Instant | undefined {
    let next: Instant | undefined;
    for (const from of this.#echoes.keys()) next = earliest(next, this.#echo(from, at));
    // While nothing else may go, another attempt would only be counted. One that is lost again is owed again.
    const owed = this.isCriticalFull ? [] : [...this.#owed];
    for (const [of, entry] of owed) this.#receipt(of, entry, at);
    next = earliest(next, this.#sender.pump(at, publish));
    return earliest(next, this.spool?.pump(at, publish));
  }

  /** Lets the echo of `from` out if its interval has passed; else returns when it will have. */
  #echo(from: string, at: Instant): Instant | undefined {
    const echo = this.#echoes.get(from);
    if (echo === undefined) return undefined;
    const openAt = this.#echoOpenAt.get(from) ?? at;
    if (at < openAt) return openAt;
    this.#echoes.delete(from);
    this.#echoOpenAt.set(from, later(at, echoInterval));
    this.#sender.offer(
      { lane: lane.telemetry, entry: entryOf({ from, ...echo, quality: quality.good }, null), key: from },
      at,
    );
    return undefined;
  }
}

function entryOf(reading: Omit<Reading, "deliver">, ttl: Entry["ttl"]): Entry {
  const historical = reading.isHistorical === true ? entryFlag.historical : 0;
  const unsynchronised = reading.isUnsynchronised === true ? entryFlag.clockUnsynchronised : 0;
  return {
    at: reading.at,
    from: reading.from,
    to: null,
    ttl,
    flags: historical | unsynchronised,
    trace: null,
    quality: reading.quality,
    body: reading.value,
  };
}
