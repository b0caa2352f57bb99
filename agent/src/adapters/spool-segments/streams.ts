/** The sessions of a spool in their order: those that earlier lives left, and this life's at the end. */
import type { Cursor } from "./cursor-file.ts";
import type { Segment } from "./segment.ts";
import { Stream, type Unreadable } from "./stream.ts";

export class Streams {
  readonly own: Stream;
  /** Of earlier lives and not begun, the oldest first. */
  readonly #later: Stream[];
  #current: Stream;

  constructor(own: Stream, before: readonly Stream[]) {
    const [current, ...later] = before;
    this.own = own;
    this.#current = current ?? own;
    this.#later = later;
  }

  /** The one that is sent. */
  get current(): Stream {
    return this.#current;
  }

  get isOwnCurrent(): boolean {
    return this.#current === this.own;
  }

  /** All files, the oldest first. */
  get segments(): readonly Segment[] {
    return this.#left.flatMap(({ segments }) => segments);
  }

  /** Where the session that is sent after this one begins; `undefined`: with what this life writes. */
  get nextIndex(): number | undefined {
    return this.#later[0]?.segments[0]?.index;
  }

  streamOf(segment: Segment): Stream | undefined {
    return this.#left.find(({ segments }) => segments.includes(segment));
  }

  /** Nothing is left of the current session. */
  advance(): void {
    this.#current = this.#later.shift() ?? this.own;
  }

  get #left(): readonly Stream[] {
    return this.isOwnCurrent ? [this.own] : [this.#current, ...this.#later, this.own];
  }
}

/** One stream for each session, in the order of the segments. */
export function streamsOf(segments: readonly Segment[], cursor: Cursor, unreadable: Unreadable): Stream[] {
  const streams: Stream[] = [];
  for (const segment of segments) {
    const from = segment.index === cursor.index ? Math.max(cursor.seq, segment.first) : segment.first;
    const last = streams.at(-1);
    if (last?.session === segment.session) last.segments.push(segment);
    else streams.push(new Stream(segment.session, [segment], from, unreadable));
  }
  return streams;
}
