/** The records of one session on disk, read a little ahead of what is taken. */
import type { Session } from "@interactor/shared/wire/session";
import type { TakeLimits } from "../../ports/spool.ts";
import type { Segment } from "./segment.ts";
import { SegmentReader, type StoredRecord } from "./segment-reader.ts";

/** Kept at hand: more than a window's worth. */
const aheadBytes = 256 * 1024;

/** Records that could not be read, and why. */
export type Unreadable = (segment: Segment, messages: number, reason: unknown) => void;

export class Stream {
  readonly session: Session;
  /** Of this session, the oldest first. */
  readonly segments: Segment[];
  /** The number that is taken next. */
  taken: number;
  /** All with smaller numbers are confirmed. */
  confirmed: number;
  readonly #unreadable: Unreadable;
  /** The number that is read next. */
  #wanted: number;
  #ahead: StoredRecord[] = [];
  #aheadBytes = 0;
  #open: { readonly segment: Segment; readonly reader: SegmentReader } | undefined;

  constructor(session: Session, segments: Segment[], from: number, unreadable: Unreadable) {
    this.session = session;
    this.segments = segments;
    this.taken = from;
    this.confirmed = from;
    this.#wanted = from;
    this.#unreadable = unreadable;
  }

  get ready(): number {
    return this.#ahead.length;
  }

  /** The number that is read next: what is before it is at hand, taken, or lost. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Records on disk that were not read. */
  get unread(): number {
    return this.segments.reduce(
      (sum, { first, end }) => sum + Math.max(end - Math.max(first, this.#wanted), 0),
      0,
    );
  }

  /** Whether segments have records numbered before `to` that were not read. */
  hasUnread(to = Number.POSITIVE_INFINITY): boolean {
    return this.#wanted < to && this.segments.some(({ end }) => end > this.#wanted);
  }

  take({ messagesMax, bytesMax }: TakeLimits): readonly StoredRecord[] {
    const [first] = this.#ahead;
    if (first === undefined) return [];
    let count = 0;
    let bytes = 0;
    for (const { seq, record } of this.#ahead) {
      bytes += record.length;
      if (seq !== first.seq + count || count === messagesMax || (count > 0 && bytes > bytesMax)) break;
      this.#aheadBytes -= record.length;
      count += 1;
    }
    const records = this.#ahead.slice(0, count);
    this.#ahead = this.#ahead.slice(count);
    this.taken = first.seq + count;
    return records;
  }

  /** Passes over what is numbered before `seq`: it is not to be had from the disk. */
  skipTo(seq: number): void {
    this.#wanted = Math.max(this.#wanted, seq);
  }

  /** Reads on among the records numbered before `to`, until enough is at hand. */
  async fill(to: number): Promise<void> {
    while (this.#aheadBytes < aheadBytes && this.#wanted < to) {
      const segment = this.segments.find(({ end }) => end > this.#wanted);
      if (segment === undefined) return;
      await this.#readFrom(segment, to);
    }
  }

  /** The hub has all of a segment. */
  done(segment: Segment): void {
    this.segments.splice(this.segments.indexOf(segment), 1);
  }

  /** A segment is given up: returns how many of its records had not been taken. */
  drop(segment: Segment): number {
    this.segments.splice(this.segments.indexOf(segment), 1);
    const { end } = segment;
    const unread = Math.max(end - Math.max(segment.first, this.#wanted), 0);
    this.#wanted = Math.max(this.#wanted, end);
    const left = this.#ahead.filter(({ seq }) => seq >= end);
    const untaken = this.#ahead.length - left.length;
    this.#ahead = left;
    this.#aheadBytes = left.reduce((sum, { record }) => sum + record.length, 0);
    return unread + untaken;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.reader[Symbol.asyncDispose]();
  }

  async #readFrom(segment: Segment, to: number): Promise<void> {
    const end = Math.min(segment.end, to);
    try {
      const reader = await this.#readerOf(segment);
      const { records, next } = await reader.read(this.#wanted, end);
      // It may have been evicted meanwhile, and what was in it counted.
      if (!this.segments.includes(segment)) return;
      for (const record of records) {
        this.#ahead.push(record);
        this.#aheadBytes += record.record.length;
      }
      this.#wanted = Math.max(this.#wanted, (records.at(-1)?.seq ?? -1) + 1);
      if (next !== "more" && this.#wanted < end) this.#giveUp(segment, end, "a record is damaged or missing");
    } catch (error) {
      this.#giveUp(segment, end, error);
    }
  }

  #giveUp(segment: Segment, end: number, reason: unknown): void {
    const from = Math.max(this.#wanted, segment.first);
    this.#wanted = Math.max(this.#wanted, end);
    segment.isDamaged = true;
    if (end > from) this.#unreadable(segment, end - from, reason);
  }

  async #readerOf(segment: Segment): Promise<SegmentReader> {
    if (this.#open?.segment === segment) return this.#open.reader;
    await this.close();
    const reader = await SegmentReader.open(segment);
    this.#open = { segment, reader };
    return reader;
  }
}
