/**
 * Sends a queue's messages to one peer: most urgent lane first, numbered without holes, in batches, with a
 * small window on the way. Priority is won here: what has left for the socket can no longer be overtaken,
 * so little leaves before the peer has confirmed what went before. A lane's window counts what is as urgent or more:
 * what is urgent does not wait until a slow peer has confirmed something that is less so.
 *
 * A batch on the way is kept until confirmed and sent again with the same numbers after a reconnect. The TTL
 * on the wire is what is left at the time of sending; 0 tells the peer, unless it has the entry already, to count it
 * as expired and not to act.
 */
import { earliest, type Instant, instant, later, type Millis } from "../kernel/units.ts";
import { encodeBatch } from "./batch.ts";
import { type Entry, entryFlag, hasFlag } from "./entry.ts";
import { type Lane, lane as lanes, laneNumbers } from "./lanes.ts";
import {
  type Ended,
  LaneQueue,
  type Offer,
  type Queued,
  type QueueLimits,
  remainingTtl,
} from "./lane-queue.ts";
import type { Ledger, Loss } from "./ledger.ts";
import { batchBytesMax, batchEntriesMax, batchGap, windowBytes, windowPublishes } from "./limits.ts";
import type { Session } from "./session.ts";

/** A batch on its way. */
interface Flight {
  readonly lane: Lane;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly messages: readonly Queued[];
  isSent: boolean;
}

/** Hands one payload to the link; `lastSeq` is what its confirmation will name. */
export type Publish = (lane: Lane, payload: Uint8Array, lastSeq: number) => void;

export interface SenderLimits extends QueueLimits {
  /** Entries in one batch, and how long a lane gathers them: `batchEntriesMax` and `batchGap` unless it says less. */
  readonly batchEntriesMax?: number;
  readonly batchGap?: Millis;
}
/** Told of each message of a batch that the peer has confirmed. */
export type Confirmed = (entry: Entry) => void;

export interface SenderTold {
  /** Told of what ends unsent. */
  readonly ended?: Ended | undefined;
  readonly confirmed?: Confirmed | undefined;
}

export class LaneSender {
  readonly #session: Session;
  readonly #batchEntriesMax: number;
  readonly #batchGap: Millis;
  readonly #ledger: Ledger;
  readonly #queue: LaneQueue;
  readonly #ended: Ended | undefined;
  readonly #confirmed: Confirmed | undefined;
  readonly #nextSeq = laneNumbers.map(() => 0);
  readonly #sentAt = laneNumbers.map(() => instant(Number.NEGATIVE_INFINITY));
  #flights: Flight[] = [];
  #isConnected = false;

  constructor(session: Session, limits: SenderLimits, ledger: Ledger, { ended, confirmed }: SenderTold = {}) {
    this.#session = session;
    this.#batchEntriesMax = limits.batchEntriesMax ?? batchEntriesMax;
    this.#batchGap = limits.batchGap ?? batchGap;
    this.#ledger = ledger;
    this.#queue = new LaneQueue(limits, ledger, ended);
    this.#ended = ended;
    this.#confirmed = confirmed;
  }

  /** Messages that wait or are on the way. */
  get queued(): number {
    return this.#queue.messages + this.#flights.reduce((sum, flight) => sum + flight.messages.length, 0);
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Messages of one lane that wait or are on the way. */
  depth(lane: Lane): number {
    return this.#flights.reduce(
      (sum, flight) => (flight.lane === lane ? sum + flight.messages.length : sum),
      this.#queue.depth(lane),
    );
  }

  /** Messages of one lane in memory: what a sudden end of the process would take with it. Cheap. */
  inMemory(lane: Lane): number {
    return this.#flights.reduce(
      (sum, flight) => (flight.lane === lane ? sum + flight.messages.length : sum),
      this.#queue.depth(lane),
    );
  }

  /** Whether messages of this lane fill the queue. */
  isFullOf(lane: Lane): boolean {
    return this.#queue.isFullOf(lane);
  }

  offer(offer: Offer, at: Instant): boolean {
    return this.#queue.offer(offer, at);
  }

  /** A new connection: what was on the way goes first, with the numbers it had. */
  connected(): void {
    this.#isConnected = true;
    for (const flight of this.#flights) flight.isSent = false;
  }

  disconnected(): void {
    this.#isConnected = false;
  }

  /**
   * The peer has begun a new life, which knows nothing of what was on the way to the one before; that one may have done
   * it. Only what may be done twice goes to the new one, under numbers of its own; the rest ends as `loss`.
   */
  restarted(mayRepeat: (entry: Entry) => boolean, loss: Loss): void {
    const before = this.#flights;
    this.#flights = [];
    for (const { lane: of, messages } of before) {
      const again = messages.filter(({ entry }) => mayRepeat(entry));
      if (again.length > 0) this.#takeOff(of, again);
      for (const { entry } of messages) {
        if (mayRepeat(entry)) continue;
        this.#ledger.lost(of, loss);
        this.#ended?.(entry, loss);
      }
    }
  }

  /** Sends what may go now. Returns when to pump again because a lane is gathering; `undefined`: no need. */
  pump(at: Instant, publish: Publish): Instant | undefined {
    if (!this.#isConnected) return undefined;
    for (const flight of this.#flights) {
      if (!flight.isSent) this.#publish(flight, at, publish);
    }
    let wakeAt: Instant | undefined;
    for (const lane of laneNumbers) {
      // When its gap is over all of it goes, also what a whole batch leaves over.
      const openAt = this.#openAt(lane);
      while (this.#queue.depth(lane) > 0) {
        // Then there is none for what is less urgent either, and a confirmation will wake us.
        if (!this.#hasWindow(lane)) return wakeAt;
        const readyAt = this.#queue.depth(lane) >= this.#batchEntriesMax ? at : openAt;
        if (readyAt > at) {
          wakeAt = earliest(wakeAt, readyAt);
          break;
        }
        const flight = this.#nextFlight(lane, at);
        if (flight !== undefined) this.#publish(flight, at, publish);
      }
    }
    return wakeAt;
  }

  /** The peer has everything of `lane` up to and including `seq`. Confirmed twice or unknown: no effect. */
  confirm(lane: Lane, seq: number): void {
    const confirmed = (flight: Flight) => flight.isSent && flight.lane === lane && flight.lastSeq <= seq;
    for (const flight of this.#flights) {
      if (!confirmed(flight)) continue;
      this.#ledger.delivered(lane, flight.messages.length);
      if (this.#confirmed !== undefined) for (const { entry } of flight.messages) this.#confirmed(entry);
    }
    this.#flights = this.#flights.filter((flight) => !confirmed(flight));
  }

  /** Everything that waits or is on the way ends so. */
  clear(loss: Loss): void {
    for (const flight of this.#flights) this.#ledger.lost(flight.lane, loss, flight.messages.length);
    this.#flights = [];
    this.#queue.clear(loss);
  }

  #hasWindow(lane: Lane): boolean {
    let publishes = 0;
    let bytes = 0;
    for (const flight of this.#flights) {
      if (flight.lane > lane) continue;
      publishes += 1;
      bytes += flight.bytes;
    }
    return publishes < windowPublishes && bytes < windowBytes;
  }

  /** Urgent lanes never wait; the others gather for a gap unless a whole batch has come together. */
  #openAt(lane: Lane): Instant {
    if (lane <= lanes.control) return instant(Number.NEGATIVE_INFINITY);
    return later(this.#sentAt[lane] ?? instant(0), this.#batchGap);
  }

  #nextFlight(lane: Lane, at: Instant): Flight | undefined {
    const messages: Queued[] = [];
    let bytes = 0;
    while (messages.length < this.#batchEntriesMax) {
      const room = messages.length === 0 ? Number.POSITIVE_INFINITY : batchBytesMax - bytes;
      const queued = this.#queue.take(lane, at, room);
      if (queued === undefined) break;
      messages.push(queued);
      bytes += queued.bytes;
    }
    if (messages.length === 0) return undefined;
    this.#sentAt[lane] = at;
    return this.#takeOff(lane, messages);
  }

  #takeOff(lane: Lane, messages: readonly Queued[]): Flight {
    const firstSeq = this.#nextSeq[lane] ?? 0;
    const lastSeq = firstSeq + messages.length - 1;
    this.#nextSeq[lane] = lastSeq + 1;
    const bytes = messages.reduce((sum, queued) => sum + queued.bytes, 0);
    const flight = { lane, firstSeq, lastSeq, bytes, messages, isSent: false };
    this.#flights.push(flight);
    return flight;
  }

  #publish(flight: Flight, at: Instant, publish: Publish): void {
    flight.isSent = true;
    // Of what was sent before and is too late now, nobody here knows whether it came in time: the peer counts it.
    const entries = flight.messages.map((queued) => ({ ...queued.entry, ttl: remainingTtl(queued, at) }));
    const batch = { lane: flight.lane, session: this.#session, firstSeq: flight.firstSeq, entries };
    // On a slow line, or one that was cut for a moment, a TTL runs out on the way: the peer has to see that.
    const isTimed = entries.some(isTimedOnTheWay);
    const sent = isTimed ? { ...batch, sentAt: Math.round(at) } : batch;
    publish(flight.lane, encodeBatch(sent), flight.lastSeq);
  }
}

/** What acts where it goes, and what tells of clocks: by that the way's time is known. Readings go up without. */
const isTimedOnTheWay = (entry: Entry): boolean =>
  entry.ttl !== null && (entry.to !== null || hasFlag(entry, entryFlag.clock));
