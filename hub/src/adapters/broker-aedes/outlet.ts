/**
 * What goes out to one client. Packets gather during a turn of the event loop and are written as one; while the
 * client's socket takes nothing, they wait here, within bounds. Nobody waits for a client: first its QoS 0 messages
 * are conflated and evicted, then it is cut.
 */
import type { Duplex } from "node:stream";

export interface OutletLimits {
  readonly outgoingBytesMax: number;
}

export interface OutletSink {
  /** Something waits to be flushed in this turn. */
  dirty(outlet: Outlet): void;
  /** The client takes too little. */
  behind(words: string): void;
  /** The socket has taken what was given to it. */
  drained(): void;
}

/** Given to a socket at a time: a slow link shows that it goes on by taking this much now and then. */
const writeBytesMax = 64 * 1024;
/** What a packet that waits costs beside its bytes, so that many small ones count for what they are. */
const overheadBytes = 128;
/** QoS 0 messages give way from this share of the bytes on, and down to the second. */
const evictAbove = 1 / 2;
const evictDownTo = 3 / 8;
const evictStep = 1 / 8;

export class Outlet {
  readonly #stream: Duplex;
  readonly #limits: OutletLimits;
  readonly #sink: OutletSink;
  #packets: Buffer[] = [];
  /** For each packet the topic of a QoS 0 message, which may be evicted, or `undefined`. */
  #topics: (string | undefined)[] = [];
  /** How many packets have left, and by topic which one, counted from the first of all, is a state that waits. */
  #left = 0;
  readonly #states = new Map<string, number>();
  #bytes = 0;
  #evictAbove = 0;
  #isDirty = false;
  #isOver = false;
  /** Since when the socket has taken nothing, on the process's clock; `undefined`: it keeps up. */
  #blockedSince: number | undefined;
  /** QoS 0 messages that gave way. */
  evicted = 0;
  /** States that a newer one replaced while they waited. */
  replaced = 0;

  constructor(stream: Duplex, limits: OutletLimits, sink: OutletSink) {
    this.#stream = stream;
    this.#limits = limits;
    this.#sink = sink;
  }

  /** Bytes that are still to be given to the socket. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What could not be given to the socket yet weighs so much. */
  get waitingBytes(): number {
    return this.isBlocked ? this.#weight + this.#stream.writableLength : 0;
  }

  /** Nothing more is sent. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the socket has taken everything. */
  get isEmpty(): boolean {
    return this.#packets.length === 0 && !this.isBlocked;
  }

  get blockedSince(): number | undefined {
    return this.#blockedSince;
  }

  /**
   * `topic`: of a QoS 0 message, which may give way to a newer one. `isState`: it says how something is now, and takes
   * the place of an older one at once while the client takes nothing: who lags sees what is, and not what was.
   */
  send(packet: Buffer, topic?: string, isState = false): void {
    if (this.#isOver) return;
    if (isState && topic !== undefined && this.isBlocked && this.#replace(packet, topic)) return;
    this.#packets.push(packet);
    this.#topics.push(topic);
    this.#bytes += packet.length;
    // While it takes nothing there is nothing to flush: it says when it does.
    if (this.isBlocked) {
      this.#keepBound();
      return;
    }
    if (this.#bytes > writeBytesMax) this.flush();
    else if (!this.#isDirty) {
      this.#isDirty = true;
      this.#sink.dirty(this);
    }
  }

  /** Whether an older state of the topic waited and is replaced. */
  #replace(packet: Buffer, topic: string): boolean {
    const index = (this.#states.get(topic) ?? -1) - this.#left;
    const older = index < 0 ? undefined : this.#packets[index];
    if (older === undefined) {
      this.#states.set(topic, this.#left + this.#packets.length);
      return false;
    }
    this.#packets[index] = packet;
    this.#bytes += packet.length - older.length;
    this.replaced += 1;
    return true;
  }

  /** Gives the socket what it takes. */
  flush(): void {
    this.#isDirty = false;
    while (this.#packets.length > 0 && !this.isBlocked && !this.#isOver)
      this.#stream.write(this.#take(), this.#written);
    if (this.isBlocked) this.#blockedSince ??= performance.now();
  }

  /** The stream says so at once when the kernel takes no more. */
  get isBlocked(): boolean {
    return this.#stream.writableLength > 0;
  }

  /** Gives out what waits, and nothing more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.end(Buffer.concat(this.#packets, this.#bytes));
    this.#forget();
  }

  /** Gives up what waits. */
  abandon(): void {
    this.#isOver = true;
    this.#forget();
  }

  /** Packets for one write. */
  #take(): Buffer {
    const packets = this.#packets;
    let count = packets.length;
    let bytes = this.#bytes;
    if (bytes > writeBytesMax) {
      count = 0;
      bytes = 0;
      while (bytes < writeBytesMax && count < packets.length) bytes += packets[count++]?.length ?? 0;
    }
    const taken = count === packets.length ? packets : packets.slice(0, count);
    this.#left += count;
    if (count === packets.length) this.#states.clear();
    this.#packets = packets.slice(count);
    this.#topics = this.#topics.slice(count);
    this.#bytes -= bytes;
    const [first] = taken;
    return taken.length === 1 && first !== undefined ? first : Buffer.concat(taken, bytes);
  }

  #forget(): void {
    this.#states.clear();
    this.#packets = [];
    this.#topics = [];
    this.#bytes = 0;
  }

  readonly #written = (): void => {
    if (this.#isOver || this.isBlocked) return;
    this.#blockedSince = undefined;
    this.#evictAbove = 0;
    this.#sink.drained();
    this.flush();
  };

  get #weight(): number {
    return this.#bytes + this.#packets.length * overheadBytes;
  }

  #keepBound(): void {
    const max = this.#limits.outgoingBytesMax;
    if (this.#weight <= Math.max(this.#evictAbove, max * evictAbove)) return;
    this.#evict(max * evictDownTo);
    // What cannot be evicted is not looked through again for each packet.
    this.#evictAbove = Math.min(this.#weight + max * evictStep, max);
    if (this.#weight > max) this.#sink.behind(`more than ${max} bytes wait for it`);
  }

  /** A newer message replaces an older one of its topic; then the oldest go, until `weightMax` is kept. */
  #evict(weightMax: number): void {
    const newest = new Map<string, number>();
    for (const [index, topic] of this.#topics.entries()) if (topic !== undefined) newest.set(topic, index);
    const goes = new Set<number>();
    let bytes = this.#bytes;
    let weight = this.#weight;
    const give = (mayGo: (topic: string, index: number) => boolean) => {
      for (const [index, topic] of this.#topics.entries()) {
        if (weight <= weightMax) return;
        if (topic === undefined || goes.has(index) || !mayGo(topic, index)) continue;
        goes.add(index);
        const length = this.#packets[index]?.length ?? 0;
        bytes -= length;
        weight -= length + overheadBytes;
      }
    };
    give((topic, index) => newest.get(topic) !== index);
    give(() => true);
    if (goes.size === 0) return;
    this.#states.clear();
    this.#packets = this.#packets.filter((_packet, index) => !goes.has(index));
    this.#topics = this.#topics.filter((_topic, index) => !goes.has(index));
    this.#bytes = bytes;
    this.evicted += goes.size;
  }
}
