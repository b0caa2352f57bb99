/**
 * The spool as a folder of append-only segments. New records stay in memory, from where they go out at once, and are
 * written in groups beside that: what the hub has confirmed before its group's turn is never written, so a hub at hand
 * spares the card. What is written leaves memory and is read back, oldest first, when the hub is there again.
 *
 * A disk that fails stops nothing: records stay in memory within a bound, and it is tried again every second.
 */
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Instant } from "@interactor/shared/kernel/units";
import type { Loss } from "@interactor/shared/wire/ledger";
import type { Session } from "@interactor/shared/wire/session";
import type { Log } from "../../ports/log.ts";
import type { Spool, SpoolEvents, SpoolLimits, Taken, TakeLimits } from "../../ports/spool.ts";
import { CursorFile } from "./cursor-file.ts";
import { MemoryTail } from "./memory-tail.ts";
import { cursorName, type Recovered, recover } from "./recovery.ts";
import type { Segment } from "./segment.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { Stream, streamsOf } from "./stream.ts";
import { Removal } from "./removal.ts";

export interface SpoolOptions {
  readonly folder: string;
  /** New for every life: see `SpoolQueue`. */
  readonly session: Session;
  readonly limits: SpoolLimits;
  readonly log: Log;
}

/** A group is gathered this long: a card has so many fsyncs in it, and the hub may be faster. In ms. */
const groupInterval = 20;
/** The disk is tried again, the cursor written and the age looked at this often. In ms. */
const careInterval = 1000;
/** Records of this life kept in memory although they are on disk, so that they need not be read back. */
const tailBytes = 512 * 1024;
/** Records held in memory while the disk takes none. More: evict the oldest. */
const heldBytesMax = 4 * 1024 * 1024;
/** Written at once. */
const groupLimits = { messagesMax: 10_000, bytesMax: 1024 * 1024 };
/** Files of a spool, when an agent is restarted over and over without its hub. More: evict the oldest. */
const segmentsMax = 4096;

/** Opens the spool in `folder` with what earlier lives left in it. Never fails: at worst it is one in memory. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const cursorFile = new CursorFile(join(options.folder, cursorName));
  return new SpoolSegments(options, cursorFile, await recover(options.folder, cursorFile));
}

class SpoolSegments implements Spool {
  readonly #options: SpoolOptions;
  readonly #cursorFile: CursorFile;
  readonly #writer: SegmentWriter;
  readonly #tail = new MemoryTail();
  readonly #own: Stream;
  /** Of earlier lives and not begun, the oldest first. */
  readonly #later: Stream[];
  readonly #removal: Removal;
  readonly #ranBefore: number;
  readonly #openedAt = performance.now();
  /** The one that is sent. */
  #stream: Stream;
  #events: SpoolEvents | undefined;
  /** All of this life with smaller numbers are on disk, or confirmed. */
  #safe = 0;
  #queued = 0;
  #problem: string | undefined;
  #groupTimer: NodeJS.Timeout | undefined;
  #care: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #filling: Promise<void> | undefined;
  #isCursorBehind = false;
  #isEnded = false;

  constructor(options: SpoolOptions, cursorFile: CursorFile, found: Recovered) {
    this.#options = options;
    this.#cursorFile = cursorFile;
    this.#ranBefore = found.cursor.ran;
    const { folder, session, limits } = options;
    this.#writer = new SegmentWriter({ folder, session, segmentBytes: limits.segmentBytes }, found.nextIndex);
    this.#removal = new Removal(folder, options.log);
    this.#own = new Stream(session, [], 0, this.#unreadable);
    this.#later = streamsOf(found.segments, found.cursor, this.#unreadable);
    this.#queued = this.#later.reduce((sum, stream) => sum + stream.unread, 0);
    this.#stream = this.#later.shift() ?? this.#own;
    for (const remark of found.remarks) options.log.warn(`spool: ${remark}`);
    if (this.#queued > 0) options.log.info(`spool: ${this.#queued} messages wait from before`);
  }

  get session(): Session {
    return this.#stream.session;
  }

  get queued(): number {
    return this.#queued;
  }

  get unsaved(): number {
    return this.#tail.next - Math.max(this.#safe, this.#tail.first);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get ready(): number {
    return this.#isTailNext ? this.#tail.next - this.#stream.taken : this.#stream.ready;
  }

  attach(events: SpoolEvents): void {
    this.#events = events;
    this.#care = setInterval(() => void this.#takeCare(), careInterval).unref();
    this.#fillSoon();
  }

  append(record: Uint8Array, at: Instant): void {
    this.#tail.push({ record, appendedAt: at });
    this.#queued += 1;
    while (this.#tail.bytes > heldBytesMax) this.#evictHeld();
    this.#writeSoon(groupInterval);
  }

  take(limits: TakeLimits): Taken | undefined {
    const taken = this.#isTailNext ? this.#takeFromTail(limits) : this.#takeFromDisk(limits);
    this.#fillSoon();
    return taken;
  }

  confirm(seq: number, messages: number): void {
    const stream = this.#stream;
    stream.confirmed = Math.max(stream.confirmed, seq + 1);
    this.#queued -= messages;
    if (stream === this.#own) {
      this.#tail.dropBefore(stream.confirmed);
      this.#safe = Math.max(this.#safe, stream.confirmed);
    }
    if (stream.segments.length > 0) this.#isCursorBehind = true;
    for (const segment of stream.segments.slice()) {
      if (segment.end > stream.confirmed || segment === this.#writer.segment) break;
      stream.done(segment);
      this.#removal.remove(segment);
    }
    this.#fillSoon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#care);
    clearTimeout(this.#groupTimer);
    this.#isEnded = true;
    await this.#writing;
    await this.#filling;
    await this.#write();
    await this.#writer.close();
    for (const segment of this.#own.segments)
      if (segment.end <= this.#own.confirmed) this.#removal.remove(segment);
    await this.#removal.settled();
    await this.#writeCursor();
    await this.#stream.close();
  }

  /** Whether what is taken next is in memory. */
  get #isTailNext(): boolean {
    const stream = this.#stream;
    if (stream !== this.#own || stream.ready > 0) return false;
    if (stream.taken >= this.#tail.first) return true;
    if (stream.hasUnread(this.#tail.first)) return false;
    // What was between was evicted, or could not be read.
    stream.taken = this.#tail.first;
    return true;
  }

  #takeFromTail(limits: TakeLimits): Taken | undefined {
    const { session, taken: firstSeq } = this.#stream;
    const records = this.#tail.take(firstSeq, limits);
    this.#stream.taken += records.length;
    this.#stream.skipTo(this.#stream.taken);
    return records.length === 0 ? undefined : { session, firstSeq, records };
  }

  #takeFromDisk(limits: TakeLimits): Taken | undefined {
    const records = this.#stream.take(limits);
    const [first] = records;
    if (first === undefined) return undefined;
    return {
      session: this.#stream.session,
      firstSeq: first.seq,
      records: records.map(({ record }) => ({ record, appendedAt: undefined })),
    };
  }

  #writeSoon(delay: number): void {
    if (this.#isEnded || this.#groupTimer !== undefined || this.#writing !== undefined) return;
    if (this.#problem !== undefined && delay < careInterval) return;
    this.#groupTimer = setTimeout(() => {
      this.#groupTimer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#safe < this.#tail.next) this.#writeSoon(groupInterval);
      });
    }, delay);
  }

  /** Puts on disk what is not there yet. */
  async #write(): Promise<void> {
    try {
      // Nothing waits to be written: whether it could be is tried with something else.
      if (this.#problem !== undefined && this.unsaved === 0) await this.#writer.probe();
      if (this.unsaved === 0) this.#report(undefined);
      for (;;) {
        const first = Math.max(this.#safe, this.#tail.first);
        if (first >= this.#tail.next) break;
        const records = this.#tail.take(first, groupLimits).map(({ record }) => record);
        const segment = await this.#writer.write(first, records, {
          confirmed: this.#own.confirmed,
          born: Math.floor(this.#ran),
        });
        if (this.#own.segments.at(-1) !== segment) this.#own.segments.push(segment);
        this.#safe = Math.max(this.#safe, first + records.length);
        if (this.#own.confirmed > first) this.#isCursorBehind = true;
        this.#report(undefined);
        this.#trimTail();
        this.#evict();
      }
    } catch (error) {
      this.#report(`the spool cannot write, readings are held in memory: ${messageOf(error)}`);
    }
  }

  /** Seconds that this spool has run, in all lives. */
  get #ran(): number {
    return this.#ranBefore + (performance.now() - this.#openedAt) / 1000;
  }

  #report(problem: string | undefined): void {
    if ((problem === undefined) === (this.#problem === undefined)) return;
    this.#problem = problem;
    if (problem === undefined) this.#options.log.info("the spool writes again");
    else this.#options.log.error(problem);
    this.#events?.moved();
  }

  #trimTail(): void {
    while (this.#tail.bytes > tailBytes && this.#tail.first < this.#safe)
      this.#tail.dropBefore(this.#tail.first + 1);
  }

  #evictHeld(): void {
    const oldest = this.#tail.first;
    this.#tail.dropBefore(oldest + 1);
    const isOnDisk = oldest < this.#safe;
    if (!isOnDisk && oldest >= this.#own.taken) this.#lose({ end: "evicted", reason: "overflow" }, 1);
  }

  /** Keeps to the bounds of the disk. */
  #evict(): void {
    const { bytesMax } = this.#options.limits;
    const bytes = (): number => this.#all().reduce((sum, segment) => sum + segment.bytes, 0);
    while (bytes() > bytesMax || this.#all().length > segmentsMax) {
      if (!this.#dropOldest({ end: "evicted", reason: "spool-full" })) break;
    }
  }

  #all(): readonly Segment[] {
    const streams = this.#stream === this.#own ? [this.#own] : [this.#stream, ...this.#later, this.#own];
    return streams.flatMap(({ segments }) => segments);
  }

  #dropOldest(loss: Loss): boolean {
    const [segment] = this.#all();
    if (segment === undefined || segment === this.#writer.segment) return false;
    const stream = [this.#stream, ...this.#later, this.#own].find(({ segments }) =>
      segments.includes(segment),
    );
    const unread = stream?.drop(segment) ?? 0;
    if (stream === this.#own) this.#tail.dropBefore(segment.end);
    if (unread > 0) {
      const words = loss.end === "expired" ? "is too old" : "gave way to newer ones";
      this.#options.log.warn(`spool: a segment ${words}: ${unread} messages are lost`, {
        path: segment.path,
      });
    }
    this.#lose(loss, unread);
    this.#removal.remove(segment);
    this.#fillSoon();
    return true;
  }

  #lose(loss: Loss, messages: number): void {
    if (messages === 0) return;
    this.#queued -= messages;
    this.#events?.lost(loss, messages);
  }

  readonly #unreadable = (segment: Segment, messages: number, reason: unknown): void => {
    this.#options.log.error(`spool: ${messages} messages of a segment cannot be read`, {
      path: segment.path,
      cause: messageOf(reason),
    });
    this.#lose({ end: "evicted", reason: "spool-corrupt" }, messages);
  };

  /** Reads ahead, and goes on to the next session when this one is done with. */
  #fillSoon(): void {
    if (this.#isEnded || this.#filling !== undefined) return;
    const to = this.#stream === this.#own ? this.#tail.first : Number.POSITIVE_INFINITY;
    if (!this.#isDone() && !this.#stream.hasUnread(to)) return;
    const before = this.#stream;
    const wasReady = before.ready;
    this.#filling = (this.#isDone() ? this.#advance() : before.fill(to)).finally(() => {
      this.#filling = undefined;
      if (this.#stream !== before || wasReady === 0) this.#events?.moved();
      if (this.#stream !== before || this.#isDone()) this.#fillSoon();
    });
  }

  /** Whether everything of an earlier life's session has been confirmed, or was lost. */
  #isDone(): boolean {
    const stream = this.#stream;
    if (stream === this.#own || stream.ready > 0 || stream.hasUnread()) return false;
    return stream.confirmed >= stream.taken;
  }

  async #advance(): Promise<void> {
    const done = this.#stream;
    await done.close();
    for (const segment of done.segments.splice(0)) this.#removal.remove(segment);
    // They must not come back after a power cut: the hub will have forgotten their session.
    await this.#removal.synced();
    this.#stream = this.#later.shift() ?? this.#own;
    await this.#writeCursor();
  }

  async #takeCare(): Promise<void> {
    if (this.unsaved > 0 || this.#problem !== undefined) this.#writeSoon(careInterval);
    const oldest = this.#all()[0];
    if (oldest !== undefined && this.#ran - oldest.born > this.#options.limits.ageMax / 1000) {
      if (oldest === this.#writer.segment && this.#writing === undefined) await this.#writer.close();
      this.#dropOldest({ end: "expired", reason: "spool-age" });
    }
    if (this.#isCursorBehind) await this.#writeCursor();
  }

  async #writeCursor(): Promise<void> {
    const { confirmed, segments } = this.#stream;
    const [oldest] = segments;
    if (!this.#isCursorBehind && oldest === undefined && this.#all().length === 0) return;
    this.#isCursorBehind = false;
    const index = oldest?.index ?? this.#later[0]?.segments[0]?.index ?? this.#writer.index;
    try {
      await this.#cursorFile.write({ index, seq: oldest === undefined ? 0 : confirmed, ran: this.#ran });
    } catch (error) {
      this.#options.log.warn("spool: the cursor cannot be written", { cause: messageOf(error) });
    }
  }
}
