/**
 * Sends what is spooled, in its order, on the bulk lane with a small window of its own: it never stands in the way of
 * what is live, and what is live never keeps it from moving. A record goes out as soon as it is there, beside its way
 * to the disk; it stays in the spool until the hub has confirmed it, and is sent again with the number it had.
 */
import { between, type Instant, instant, later, micros } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import type { Publish } from "@interactor/shared/wire/lane-sender";
import type { Ledger, Loss } from "@interactor/shared/wire/ledger";
import { batchEntriesMax, batchGap, entryBytesMax, ttlDefault } from "@interactor/shared/wire/limits";
import type { Session } from "@interactor/shared/wire/session";
import type { SpoolQueue, Taken } from "./spool-queue.ts";
import { decodeRecord, encodeRecord } from "./spool-record.ts";

/** Publishes on their way. Half of what live lanes have: with a commit every 5 ms it is 50,000 messages a second. */
const windowPublishes = 4;
/** The same bound in bytes: on a link of 1 Mbit/s what is urgent waits for a quarter of a second at most. */
const windowBytes = 32 * 1024;
const takeLimits = { messagesMax: batchEntriesMax, bytesMax: 8 * 1024 };

interface Flight {
  readonly session: Session;
  readonly firstSeq: number;
  readonly messages: readonly { readonly entry: Entry; readonly appendedAt: Instant | undefined }[];
  readonly bytes: number;
  /** Counts all messages of all sessions: names the flight when it is confirmed. */
  readonly ordinal: number;
  isSent: boolean;
}

export class SpoolSender {
  readonly #spool: SpoolQueue;
  readonly #ledger: Ledger;
  readonly #isAwaited: (from: string, at: Instant) => boolean;
  #flights: Flight[] = [];
  /** Taken, and its instance has not said yet what it gives. */
  #held: Taken | undefined;
  #announced: Session | undefined;
  #isConnected = false;
  #ordinal = 0;
  #sentAt = instant(Number.NEGATIVE_INFINITY);

  /** `isAwaited`: the output's instance has not been declared and may still be, so that the hub would not know it. */
  constructor(spool: SpoolQueue, ledger: Ledger, isAwaited: (from: string, at: Instant) => boolean) {
    this.#spool = spool;
    this.#ledger = ledger;
    this.#isAwaited = isAwaited;
    // What earlier lives left is this one's to account for.
    ledger.produced(lane.bulk, spool.queued);
  }

  get queued(): number {
    return this.#spool.queued;
  }

  /** Messages that a sudden end of the process would take with it. */
  get inMemory(): number {
    return this.#spool.unsaved;
  }

  /** The session that the hub has to be told before it takes what comes next. */
  get mustAnnounce(): boolean {
    return this.#spool.queued > 0 && this.#spool.session !== this.#announced;
  }

  /** The session to be named in a birth that is published now; `undefined`: nothing was ever spooled. */
  announce(): Session | undefined {
    if (this.mustAnnounce) {
      this.#announced = this.#spool.session;
      // What the spool has given up meanwhile is counted there, and the hub would take it for another life's.
      this.#flights = this.#flights.filter(({ session }) => session === this.#announced);
    }
    return this.#announced;
  }

  offer(entry: Entry, at: Instant): void {
    this.#ledger.produced(lane.bulk);
    const record = encodeRecord(entry);
    if (record.length > entryBytesMax) this.lost({ end: "refused", reason: "too-large" }, 1);
    else this.#spool.append(record, at);
  }

  /** Messages ended in the spool. */
  lost(loss: Loss, messages: number): void {
    this.#ledger.lost(lane.bulk, loss, messages);
  }

  connected(): void {
    this.#isConnected = true;
    for (const flight of this.#flights) flight.isSent = false;
  }

  disconnected(): void {
    this.#isConnected = false;
  }

  /** Sends what may go. Returns when to pump again because a batch is gathering. */
  pump(at: Instant, publish: Publish): Instant | undefined {
    if (!this.#isConnected || this.mustAnnounce) return undefined;
    for (const flight of this.#flights) if (!flight.isSent) this.#publish(flight, at, publish);
    while (this.#hasWindow()) {
      const ready = this.#held?.records.length ?? this.#spool.ready;
      const readyAt = ready >= batchEntriesMax ? at : later(this.#sentAt, batchGap);
      if (ready > 0 && readyAt > at) return readyAt;
      const taken = this.#held ?? this.#spool.take(takeLimits);
      if (taken === undefined) return undefined;
      const flight = this.#flightOf(taken, at);
      this.#held = flight === undefined ? taken : undefined;
      // Whoever declares pumps; for those who never will it is looked at again.
      if (flight === undefined) return later(at, ttlDefault);
      this.#flights.push(flight);
      this.#sentAt = at;
      this.#publish(flight, at, publish);
    }
    return undefined;
  }

  /** The hub has all flights up to the one of this ordinal. */
  confirm(ordinal: number): void {
    const confirmed = this.#flights.filter((flight) => flight.isSent && flight.ordinal <= ordinal);
    this.#flights = this.#flights.filter((flight) => !confirmed.includes(flight));
    for (const { firstSeq, messages } of confirmed) {
      this.#ledger.delivered(lane.bulk, messages.length);
      this.#spool.confirm(firstSeq + messages.length - 1, messages.length);
    }
  }

  #hasWindow(): boolean {
    if (this.#flights.length >= windowPublishes) return false;
    return this.#flights.reduce((sum, { bytes }) => sum + bytes, 0) < windowBytes;
  }

  #flightOf({ session, firstSeq, records }: Taken, at: Instant): Flight | undefined {
    const messages = records.map(({ record, appendedAt }) => ({
      entry: decodeRecord(record) ?? unreadable,
      appendedAt,
    }));
    if (messages.some(({ entry }) => this.#isAwaited(entry.from, at))) return undefined;
    const bytes = records.reduce((sum, { record }) => sum + record.length, 0);
    this.#ordinal += messages.length;
    return { session, firstSeq, messages, bytes, ordinal: this.#ordinal, isSent: false };
  }

  /** What is late is told so whenever it goes: a hub may get for the first time what was sent before it went away. */
  #publish(flight: Flight, at: Instant, publish: Publish): void {
    flight.isSent = true;
    const { session, firstSeq, messages, ordinal } = flight;
    const entries = messages.map(({ entry, appendedAt }) => {
      const isLate = appendedAt === undefined || between(appendedAt, at) > ttlDefault;
      return isLate ? { ...entry, flags: entry.flags | entryFlag.historical } : entry;
    });
    publish(lane.bulk, encodeBatch({ lane: lane.bulk, session, firstSeq, entries }), ordinal);
  }
}

/** Stands in the place of a record of another version, so that the numbers stay in a row; the hub counts it as refused. */
const unreadable: Entry = {
  at: micros(0),
  from: "",
  to: null,
  ttl: null,
  flags: entryFlag.clockUnsynchronised,
  trace: null,
  quality: 2,
  body: null,
};
