/**
 * The bounded priority queue of every hop: an agent's outbox and the hub's queue for a node.
 *
 * Four lanes share one bound in messages and one in bytes. When it is reached the oldest message of the
 * least urgent lane is evicted; when only more urgent or critical ones wait, the new message is refused at its
 * producer. So is one that no batch could carry, whatever else waits. A message with a conflation key replaces the waiting one of the same key where it stands.
 */
import { type Instant, type Millis, millis } from "../kernel/units.ts";
import type { Entry } from "./entry.ts";
import { Fifo } from "./fifo.ts";
import { type Lane, laneNumbers } from "./lanes.ts";
import type { Ledger, Loss } from "./ledger.ts";
import { entryBytesMax } from "./limits.ts";
import { bytesOfValue } from "./value.ts";

export interface Offer {
  readonly lane: Lane;
  readonly entry: Entry;
  /** Messages of one key conflate; `undefined`: every one is kept. */
  readonly key: string | undefined;
}

export interface Queued {
  entry: Entry;
  readonly key: string | undefined;
  bytes: number;
  expiresAt: number;
}

export interface QueueLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
  /** Bytes that it has to itself where it shares a room with others; what goes beyond them must fit there too. */
  readonly shared?: { readonly ownBytes: number; readonly room: SharedRoom };
}

/** What several queues may hold together, in bytes. */
export class SharedRoom {
  readonly bytesMax: number;
  bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }
}

/** Told of a message that ended here, beside the ledger's count. */
export type Ended = (entry: Entry, loss: Loss) => void;

const untold: Ended = () => undefined;
/** A newer value took its place. */
export const conflated: Loss = { end: "evicted", reason: "conflated" };

export class LaneQueue {
  readonly #limits: QueueLimits;
  readonly #ledger: Ledger;
  readonly #ended: Ended;
  readonly #lanes = laneNumbers.map(() => new Fifo<Queued>());
  readonly #latest = laneNumbers.map(() => new Map<string, Queued>());
  #messages = 0;
  #bytes = 0;

  constructor(limits: QueueLimits, ledger: Ledger, ended: Ended = untold) {
    this.#limits = limits;
    this.#ledger = ledger;
    this.#ended = ended;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  depth(lane: Lane): number {
    return this.#lanes[lane]?.length ?? 0;
  }

  /** Whether messages of this lane fill the queue, so that one more of it has to be refused or evicts one. */
  isFullOf(lane: Lane): boolean {
    if (this.depth(lane) < this.#messages) return false;
    return this.#messages >= this.#limits.messagesMax || !this.#hasBytes(smallestBytes);
  }

  /** Takes a message in, at the cost of a less urgent one if it must. `false`: refused, and counted so. */
  offer(offer: Offer, at: Instant): boolean {
    const { lane, entry, key } = offer;
    this.#ledger.produced(lane);
    const bytes = sizeOf(entry);
    if (bytes > Math.min(entryBytesMax, this.#limits.bytesMax)) return this.#refuse(lane, entry, "too-large");
    let waiting = this.#waitingFor(lane, key);
    while (!this.#hasRoom(waiting, bytes)) {
      // What nobody needs any more shall not cost a live one its place.
      if (!this.#expireOldest(at) && !this.#evictFor(lane)) return this.#refuse(lane, entry, "full");
      waiting = this.#waitingFor(lane, key);
    }
    const expiresAt = entry.ttl === null ? Number.POSITIVE_INFINITY : at + entry.ttl;
    if (waiting === undefined) this.#push(lane, { entry, key, bytes, expiresAt });
    else this.#replace(lane, waiting, { entry, bytes, expiresAt });
    return true;
  }

  /**
   * The oldest message of `lane` that has not expired; counts those that have. `undefined`: there is none, or
   * it takes more than `room` bytes and stays.
   */
  take(lane: Lane, at: Instant, room = Number.POSITIVE_INFINITY): Queued | undefined {
    this.#expireOldestOf(lane, at);
    const oldest = this.#lanes[lane]?.peek();
    return oldest === undefined || oldest.bytes > room ? undefined : this.#shift(lane);
  }

  /** Lets go of what has expired at the head of each lane. Returns whether anything had. */
  #expireOldest(at: Instant): boolean {
    const before = this.#messages;
    for (const lane of laneNumbers) this.#expireOldestOf(lane, at);
    return this.#messages < before;
  }

  #expireOldestOf(lane: Lane, at: Instant): void {
    for (let oldest = this.#lanes[lane]?.peek(); oldest !== undefined; oldest = this.#lanes[lane]?.peek()) {
      if (oldest.expiresAt > at) return;
      this.#shift(lane);
      this.#lose(lane, oldest.entry, { end: "expired", reason: "ttl" });
    }
  }

  /** Everything that waits ends so. */
  clear(loss: Loss): void {
    for (const lane of laneNumbers) {
      for (let queued = this.#shift(lane); queued !== undefined; queued = this.#shift(lane))
        this.#lose(lane, queued.entry, loss);
    }
  }

  #refuse(lane: Lane, entry: Entry, reason: "full" | "too-large"): false {
    this.#lose(lane, entry, { end: "refused", reason });
    return false;
  }

  #lose(lane: Lane, entry: Entry, loss: Loss): void {
    this.#ledger.lost(lane, loss);
    this.#ended(entry, loss);
  }

  #waitingFor(lane: Lane, key: string | undefined): Queued | undefined {
    return key === undefined ? undefined : this.#latest[lane]?.get(key);
  }

  /** Whether the bounds hold after a message of `bytes` has come in, in the place of one that waits or beside all. */
  #hasRoom(waiting: Queued | undefined, bytes: number): boolean {
    const messages = this.#messages + (waiting === undefined ? 1 : 0);
    return messages <= this.#limits.messagesMax && this.#hasBytes(bytes - (waiting?.bytes ?? 0));
  }

  #hasBytes(more: number): boolean {
    const { bytesMax, shared } = this.#limits;
    if (this.#bytes + more > bytesMax) return false;
    if (shared === undefined || this.#bytes + more <= shared.ownBytes) return true;
    return shared.room.bytes + more <= shared.room.bytesMax;
  }

  #weigh(bytes: number): void {
    this.#bytes += bytes;
    if (this.#limits.shared !== undefined) this.#limits.shared.room.bytes += bytes;
  }

  #push(lane: Lane, queued: Queued): void {
    this.#lanes[lane]?.push(queued);
    if (queued.key !== undefined) this.#latest[lane]?.set(queued.key, queued);
    this.#messages += 1;
    this.#weigh(queued.bytes);
  }

  #replace(
    lane: Lane,
    waiting: Queued,
    { entry, bytes, expiresAt }: Pick<Queued, "entry" | "bytes" | "expiresAt">,
  ): void {
    const older = waiting.entry;
    this.#weigh(bytes - waiting.bytes);
    waiting.entry = entry;
    waiting.bytes = bytes;
    waiting.expiresAt = expiresAt;
    this.#lose(lane, older, conflated);
  }

  /** Evicts the oldest message of the least urgent lane, down to `lane` itself; critical ones never. */
  #evictFor(lane: Lane): boolean {
    for (const candidate of laneNumbers.toReversed()) {
      if (candidate < lane || candidate === 0) return false;
      const oldest = this.#shift(candidate);
      if (oldest === undefined) continue;
      this.#lose(candidate, oldest.entry, { end: "evicted", reason: "overflow" });
      return true;
    }
    return false;
  }

  #shift(lane: Lane): Queued | undefined {
    const queued = this.#lanes[lane]?.shift();
    if (queued === undefined) return undefined;
    if (queued.key !== undefined) this.#latest[lane]?.delete(queued.key);
    this.#messages -= 1;
    this.#weigh(-queued.bytes);
    return queued;
  }
}

/** What is left of a message's TTL at `at`: 0 when it has expired, `null` when it never does. */
export function remainingTtl(queued: Pick<Queued, "expiresAt">, at: Instant): Millis | null {
  if (queued.expiresAt === Number.POSITIVE_INFINITY) return null;
  return millis(Math.max(0, Math.ceil(queued.expiresAt - at)));
}

/** Room that is less than this holds no message worth the name. */
const smallestBytes = 1024;

const entryOverhead = 48; // numbers, heads and our own bookkeeping
const originBytes = 32;

/** About what an entry takes in memory and on the wire. */
function sizeOf(entry: Entry): number {
  const names = entry.from.length + (entry.to?.length ?? 0) + (entry.route?.length ?? 0);
  const origin = entry.origin === undefined ? 0 : originBytes;
  return entryOverhead + names + origin + bytesOfValue(entry.body);
}
