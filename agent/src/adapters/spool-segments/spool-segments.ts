/**
 * The spool as a folder of append-only segments. New records stay in memory, from where they go out at once, and are
 * written in groups beside that: what the hub has confirmed before its group's turn is never written, so a hub at hand
 * spares the card. What is written leaves memory and is read back, oldest first, when the hub is there again.
 *
 * A disk that fails stops nothing: records stay in memory within a bound, and it is tried again every second.
 */
import { join } from "node:path";
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { between, type Instant, type Millis, millis } from "@interactor/shared/kernel/units";
import type { Loss } from "@interactor/shared/wire/ledger";
import type { Session } from "@interactor/shared/wire/session";
import type { Log } from "../../ports/log.ts";
import type { Spool, SpoolEvents, SpoolLimits, Taken, TakeLimits } from "../../ports/spool.ts";
import { AppendTimes } from "./append-times.ts";
import { groupLimits, heldBytesMax, segmentAgeShare, segmentsMax, tailBytes } from "./bounds.ts";
import { CursorFile } from "./cursor-file.ts";
import { MemoryTail } from "./memory-tail.ts";
import { cursorName, type Recovered, recover } from "./recovery.ts";
import type { Segment } from "./segment.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { Stream } from "./stream.ts";
import { Streams, streamsOf } from "./streams.ts";
import { Removal } from "./removal.ts";

export interface SpoolOptions {
  readonly folder: string;
  /** New for every life: see `SpoolQueue`. */
  readonly session: Session;
  readonly limits: SpoolLimits;
  /** That of who appends, too. */
  readonly clock: Pick<Clock, "now" | "after">;
  readonly log: Log;
}

/** A group is gathered this long: a card has so many fsyncs in it, and the hub may be faster. */
const groupInterval = millis(20);
/** The disk is tried again, the cursor written and the age looked at this often. */
const careInterval = millis(1000);
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
  readonly #times = new AppendTimes();
  readonly #streams: Streams;
  readonly #removal: Removal;
  readonly #ranBefore: number;
  readonly #openedAt: Instant;
  #events: SpoolEvents | undefined;
  /** All of this life with smaller numbers are on disk, or confirmed. */
  #safe = 0;
  #queued = 0;
  #problem: string | undefined;
  #cancelGroup: (() => void) | undefined;
  #cancelCare: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #filling: Promise<void> | undefined;
  #isCursorBehind = false;
  #isEnded = false;

  constructor(options: SpoolOptions, cursorFile: CursorFile, found: Recovered) {
    this.#options = options;
    this.#openedAt = options.clock.now();
    this.#cursorFile = cursorFile;
    this.#ranBefore = found.cursor.ran;
    const { folder, session, limits } = options;
    const { segmentBytes, ageMax } = limits;
    const segmentAge = (ageMax * segmentAgeShare) / 1000;
    this.#writer = new SegmentWriter({ folder, session, segmentBytes, segmentAge }, found.nextIndex);
    this.#removal = new Removal(folder, options.log);
    const before = streamsOf(found.segments, found.cursor, this.#unreadable);
    this.#streams = new Streams(new Stream(session, [], 0, this.#unreadable), before);
    this.#queued = before.reduce((sum, stream) => sum + stream.unread, 0);
    for (const remark of found.remarks) options.log.warn(`spool: ${remark}`);
    if (this.#queued > 0) options.log.info(`spool: ${this.#queued} messages wait from before`);
  }

  get session(): Session {
    return this.#streams.current.session;
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
    return this.#isTailNext ? this.#tail.next - this.#streams.current.taken : this.#streams.current.ready;
  }

  attach(events: SpoolEvents): void {
    this.#events = events;
    this.#careSoon();
    this.#fillSoon();
  }

  append(record: Uint8Array, at: Instant): void {
    this.#times.append(this.#tail.next, at);
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
    const stream = this.#streams.current;
    stream.confirmed = Math.max(stream.confirmed, seq + 1);
    this.#queued -= messages;
    if (stream === this.#streams.own) {
      this.#tail.dropBefore(stream.confirmed);
      this.#safe = Math.max(this.#safe, stream.confirmed);
    }
    if (stream.segments.length > 0) this.#isCursorBehind = true;
    this.#removeDone(stream);
    this.#fillSoon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelCare?.();
    this.#cancelGroup?.();
    this.#isEnded = true;
    await this.#writing;
    await this.#filling;
    await this.#write();
    await this.#writer.close();
    this.#removeDone(this.#streams.own);
    await this.#removal.settled();
    await this.#writeCursor();
    await this.#streams.current.close();
  }

  /** Whether what is taken next is in memory. */
  get #isTailNext(): boolean {
    const stream = this.#streams.current;
    if (!this.#streams.isOwnCurrent || stream.ready > 0) return false;
    if (stream.taken >= this.#tail.first) return true;
    if (stream.hasUnread(this.#tail.first)) return false;
    // What was between was evicted, or could not be read.
    stream.taken = this.#tail.first;
    return true;
  }

  #takeFromTail(limits: TakeLimits): Taken | undefined {
    const { session, taken: firstSeq } = this.#streams.current;
    const records = this.#tail.take(firstSeq, limits);
    this.#streams.current.taken += records.length;
    this.#streams.current.skipTo(this.#streams.current.taken);
    return records.length === 0 ? undefined : { session, firstSeq, records };
  }

  #takeFromDisk(limits: TakeLimits): Taken | undefined {
    const stream = this.#streams.current;
    const records = stream.take(limits);
    const [first] = records;
    if (first === undefined) return undefined;
    // Numbers of an earlier life say nothing of time: no clock runs through the end of a process.
    const timeOf = (seq: number) => (stream === this.#streams.own ? this.#times.of(seq) : undefined);
    return {
      session: stream.session,
      firstSeq: first.seq,
      records: records.map(({ record, seq }) => ({ record, appendedAt: timeOf(seq) })),
    };
  }

  #writeSoon(delay: Millis): void {
    if (this.#isEnded || this.#cancelGroup !== undefined || this.#writing !== undefined) return;
    if (this.#problem !== undefined && delay < careInterval) return;
    this.#cancelGroup = this.#options.clock.after(delay, () => {
      this.#cancelGroup = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#safe < this.#tail.next) this.#writeSoon(groupInterval);
      });
    });
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
        const segment = await this.#writer.write(first, records, this.#ran);
        if (this.#streams.own.segments.at(-1) !== segment) this.#streams.own.segments.push(segment);
        this.#safe = Math.max(this.#safe, first + records.length);
        if (this.#streams.own.confirmed > first) this.#isCursorBehind = true;
        this.#report(undefined);
        this.#trimTail();
        this.#removeDone(this.#streams.own);
        this.#evict();
      }
    } catch (error) {
      this.#report(`the spool cannot write, readings are held in memory: ${messageOf(error)}`);
    }
  }

  /** Seconds that this spool has run, in all lives. */
  get #ran(): number {
    return this.#ranBefore + between(this.#openedAt, this.#options.clock.now()) / 1000;
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
    if (!isOnDisk && oldest >= this.#streams.own.taken) this.#lose({ end: "evicted", reason: "overflow" }, 1);
  }

  /** Keeps to the bounds of the disk. */
  #evict(): void {
    const { bytesMax } = this.#options.limits;
    const bytes = (): number => this.#streams.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    while (bytes() > bytesMax || this.#streams.segments.length > segmentsMax) {
      if (!this.#dropOldest({ end: "evicted", reason: "spool-full" })) break;
    }
  }

  #dropOldest(loss: Loss): boolean {
    const [segment] = this.#streams.segments;
    if (segment === undefined || segment === this.#writer.segment) return false;
    const stream = this.#streams.streamOf(segment);
    const unread = stream?.drop(segment) ?? 0;
    if (stream === this.#streams.own) this.#tail.dropBefore(segment.end);
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

  /** The hub has all of a segment. The one that is written goes on: it would have to be made anew 50 times a second. */
  #removeDone(stream: Stream): void {
    for (const segment of stream.segments.slice()) {
      if (segment.end > stream.confirmed || segment === this.#writer.segment) return;
      stream.done(segment);
      this.#removal.remove(segment);
    }
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
    const to = this.#streams.isOwnCurrent ? this.#tail.first : Number.POSITIVE_INFINITY;
    if (!this.#isDone() && !this.#streams.current.hasUnread(to)) return;
    const before = this.#streams.current;
    const wasReady = before.ready;
    this.#filling = (this.#isDone() ? this.#advance() : before.fill(to)).finally(() => {
      this.#filling = undefined;
      if (this.#streams.current !== before || wasReady === 0) this.#events?.moved();
      if (this.#streams.current !== before || this.#isDone()) this.#fillSoon();
    });
  }

  /** Whether everything of an earlier life's session has been confirmed, or was lost. */
  #isDone(): boolean {
    const stream = this.#streams.current;
    if (this.#streams.isOwnCurrent || stream.ready > 0 || stream.hasUnread()) return false;
    return stream.confirmed >= stream.taken;
  }

  async #advance(): Promise<void> {
    const done = this.#streams.current;
    await done.close();
    for (const segment of done.segments.splice(0)) this.#removal.remove(segment);
    // They must not come back after a power cut: the hub will have forgotten their session.
    await this.#removal.synced();
    this.#streams.advance();
    await this.#writeCursor();
  }

  #careSoon(): void {
    this.#cancelCare = this.#options.clock.after(careInterval, () => void this.#takeCare());
  }

  async #takeCare(): Promise<void> {
    this.#careSoon();
    if (this.unsaved > 0 || this.#problem !== undefined) this.#writeSoon(careInterval);
    await this.#expire();
    if (this.#isCursorBehind) await this.#writeCursor();
  }

  async #expire(): Promise<void> {
    for (let oldest = this.#streams.segments[0]; oldest !== undefined; oldest = this.#streams.segments[0]) {
      if (this.#ran - oldest.born <= this.#options.limits.ageMax / 1000) return;
      // It is looked at again: the hub may have got all of it meanwhile.
      if (oldest === this.#writer.segment && this.#writing === undefined) await this.#writer.close();
      else if (!this.#dropOldest({ end: "expired", reason: "spool-age" })) return;
    }
  }

  async #writeCursor(): Promise<void> {
    const { confirmed, segments } = this.#streams.current;
    const [oldest] = segments;
    if (!this.#isCursorBehind && oldest === undefined && this.#streams.segments.length === 0) return;
    this.#isCursorBehind = false;
    const index = oldest?.index ?? this.#streams.nextIndex ?? this.#writer.index;
    try {
      await this.#cursorFile.write({ index, seq: oldest === undefined ? 0 : confirmed, ran: this.#ran });
    } catch (error) {
      this.#options.log.warn("spool: the cursor cannot be written", { cause: messageOf(error) });
    }
  }
}
