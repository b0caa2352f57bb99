/**
 * Reads a batch of the plainest form in one pass: numbers, short texts and columns of numbers, which is nearly all that
 * agents send. What is of any other form, or wrong, is none of it: `batch.ts` reads that, and says what is wrong. It
 * takes a quarter of the time of looking the bytes over, decoding them and checking what came out.
 */
import { ok, type Result } from "../kernel/result.ts";
import { micros, type Millis, millis } from "../kernel/units.ts";
import { batchVersion } from "./batch-head.ts";
import { type Entry, entryFlag, type Quality } from "./entry.ts";
import { isLane, type Lane } from "./lanes.ts";
import { columnSamplesMax, durationMax, nameLengthMax } from "./limits.ts";
import { type Session, sessionBytes, sessionOf } from "./session.ts";
import type { Value } from "./value.ts";

export class PlainBatch {
  readonly lane: Lane;
  readonly session: Session;
  readonly firstSeq: number;
  readonly #entries: readonly Entry[];

  constructor(lane: Lane, session: Session, firstSeq: number, entries: readonly Entry[]) {
    this.lane = lane;
    this.session = session;
    this.firstSeq = firstSeq;
    this.#entries = entries;
  }

  /** Of its entries. */
  get length(): number {
    return this.#entries.length;
  }

  entries(): Extract<Result<readonly Entry[], never>, { ok: true }> {
    return ok(this.#entries);
  }

  /** Nothing stands behind the entries of a plain one. */
  content(): Extract<Result<{ readonly entries: readonly Entry[] }, never>, { ok: true }> {
    return ok({ entries: this.#entries });
  }
}

/** Bytes of a batch: so many hold fewer items than a payload may have. More: not plain. */
const bytesMax = 64 * 1024;
/** Entries of a batch: as many as our own senders put into one. More: not plain. */
const entriesMax = 64;
/** Texts that are remembered, so that an address is one string however often it comes. More: all are forgotten. */
const textsMax = 4096;

const initial = {
  negative: 0x20,
  array: 0x80,
  bytes8: 0x48,
  text: 0x60,
  false: 0xf4,
  true: 0xf5,
  null: 0xf6,
} as const;
const float = { single: 0xfa, double: 0xfb } as const;

/** `undefined`: it is not plain. */
export function readPlainBatch(bytes: Uint8Array): PlainBatch | undefined {
  if (bytes.length > bytesMax) return undefined;
  const reader = new PlainReader(bytes);
  const fields = reader.list();
  const version = reader.count();
  const lane = reader.count();
  const session = reader.session();
  const firstSeq = reader.count();
  const baseAt = reader.count();
  const length = reader.list();
  if (fields !== 6 || version !== batchVersion || !isLane(lane) || length > entriesMax) return undefined;
  // A list that grows has room for sixteen more, and nearly all batches have one entry.
  const entries = Array<Entry>(length);
  for (let place = 0; place < length && !reader.isWrong; place += 1) entries[place] = reader.entry(baseAt);
  if (session === undefined || !reader.isAtEnd) return undefined;
  return new PlainBatch(lane, session, firstSeq, entries);
}

/** Sessions that are remembered: of as many nodes as a hub knows. More: all are forgotten. */
const knownSessionsMax = 1024;
const sessions = new Map<number, { readonly bytes: Uint8Array; readonly session: Session }>();

/** Each node sends the same one over and over. */
function knownSession(bytes: Uint8Array, start: number): Session {
  let hash = 0;
  for (let at = start; at < start + sessionBytes; at += 1) hash = (hash * 31 + (bytes[at] ?? 0)) | 0;
  const known = sessions.get(hash);
  if (known !== undefined && known.bytes.every((byte, place) => byte === bytes[start + place]))
    return known.session;
  const session = sessionOf(bytes, start);
  if (sessions.size >= knownSessionsMax) sessions.clear();
  sessions.set(hash, { bytes: Uint8Array.from(bytes.subarray(start, start + sessionBytes)), session });
  return session;
}

const texts = new Map<number, string>();
const eightBytes = new Uint8Array(8);
const asDouble = new DataView(eightBytes.buffer);

/** After something that is not plain it only says so; what it gives then means nothing. */
class PlainReader {
  isWrong = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return !this.isWrong && this.#at === this.#bytes.length;
  }

  /** The head of a list: how long it is. */
  list(): number {
    return this.#argument(initial.array);
  }

  /** A whole number from 0 on. */
  count(): number {
    return this.#argument(0);
  }

  session(): Session | undefined {
    if (this.#next() !== initial.bytes8) return this.#wrong(undefined);
    const start = this.#at;
    this.#at += sessionBytes;
    return this.#at > this.#bytes.length ? this.#wrong(undefined) : knownSession(this.#bytes, start);
  }

  entry(baseAt: number): Entry {
    if (this.list() !== 8) this.isWrong = true;
    const at = baseAt + this.count();
    const from = this.#text();
    const to = this.#isNull() ? null : this.#text();
    const ttl = this.#isNull() ? null : this.#ttl();
    const flags = this.count();
    if (!this.#isNull()) this.isWrong = true;
    const quality = this.#quality();
    const body = (flags & entryFlag.columns) === 0 ? this.#value() : this.#columns(at);
    if (!Number.isSafeInteger(at)) this.isWrong = true;
    return { at: micros(at), from, to, ttl, flags, trace: null, quality, body };
  }

  #quality(): Quality {
    const value = this.count();
    return value === 1 || value === 2 || value === 0 ? value : this.#wrong(0);
  }

  #ttl(): Millis {
    const value = this.#number();
    return value >= 0 && value <= durationMax ? millis(value) : this.#wrong(millis(0));
  }

  #value(): Value {
    const first = this.#bytes[this.#at] ?? 0;
    if (first === initial.true || first === initial.false || first === initial.null) {
      this.#at += 1;
      return first === initial.null ? null : first === initial.true;
    }
    return first >> 5 === initial.text >> 5 ? this.#text() : this.#number();
  }

  #columns(at: number): Value {
    if (this.list() !== 2) this.isWrong = true;
    const length = this.list();
    // Each takes a byte at least, so that nobody is given more room than his bytes are worth.
    if (length > columnSamplesMax || length > this.#bytes.length - this.#at) return this.#wrong(null);
    const offsets = Array<number>(length);
    const values = Array<number>(length);
    let last = 0;
    for (let place = 0; place < length && !this.isWrong; place += 1) {
      const offset = this.count();
      offsets[place] = offset;
      if (offset > last) last = offset;
    }
    if (this.list() !== length || !Number.isSafeInteger(at + last)) this.isWrong = true;
    const { buffer, byteOffset, byteLength } = this.#bytes;
    const view = new DataView(buffer, byteOffset, byteLength);
    for (let place = 0; place < length && !this.isWrong; place += 1) values[place] = this.#cell(view);
    return [offsets, values];
  }

  /** A number in a column. Nearly all are doubles. */
  #cell(view: DataView): number {
    const start = this.#at + 1;
    if (this.#bytes[this.#at] !== float.double || start + 8 > view.byteLength) return this.#number();
    this.#at = start + 8;
    return view.getFloat64(start);
  }

  #isNull(): boolean {
    if (this.#bytes[this.#at] !== initial.null) return false;
    this.#at += 1;
    return true;
  }

  #number(): number {
    const first = this.#bytes[this.#at] ?? 0;
    if (first >> 5 === initial.negative >> 5) return -1 - this.#argument(initial.negative);
    if (first !== float.double && first !== float.single) return this.count();
    const width = first === float.double ? 8 : 4;
    const start = this.#at + 1;
    this.#at = start + width;
    if (this.#at > this.#bytes.length) return this.#wrong(0);
    for (let place = 0; place < width; place += 1) eightBytes[place] = this.#bytes[start + place] ?? 0;
    return width === 8 ? asDouble.getFloat64(0) : asDouble.getFloat32(0);
  }

  /** At most as long as a name and its instance's, of ASCII. */
  #text(): string {
    const length = this.#argument(initial.text);
    const start = this.#at;
    this.#at += length;
    if (this.isWrong || length > 2 * nameLengthMax + 1 || this.#at > this.#bytes.length)
      return this.#wrong("");
    let hash = length;
    for (let at = start; at < this.#at; at += 1) {
      const byte = this.#bytes[at] ?? 0;
      if (byte > 127) return this.#wrong("");
      hash = (hash * 31 + byte) | 0;
    }
    const known = texts.get(hash);
    if (known !== undefined && this.#isAt(start, known, length)) return known;
    const text = String.fromCharCode(...this.#bytes.subarray(start, this.#at));
    if (texts.size >= textsMax) texts.clear();
    texts.set(hash, text);
    return text;
  }

  #isAt(start: number, text: string, length: number): boolean {
    if (text.length !== length) return false;
    for (let place = 0; place < length; place += 1)
      if (text.charCodeAt(place) !== this.#bytes[start + place]) return false;
    return true;
  }

  #next(): number {
    const byte = this.#bytes[this.#at];
    this.#at += 1;
    return byte ?? this.#wrong(0xff);
  }

  /** Of an item of this type (RFC 8949 section 3.1). */
  #argument(type: number): number {
    const first = this.#next();
    const short = first - type;
    if (short >= 0 && short < 24) return short;
    if (short < 24 || short > 27) return this.#wrong(0);
    let value = 0;
    const end = this.#at + (1 << (short - 24));
    if (end > this.#bytes.length) return this.#wrong(0);
    for (; this.#at < end; this.#at += 1) value = value * 256 + (this.#bytes[this.#at] ?? 0);
    return Number.isSafeInteger(value) ? value : this.#wrong(0);
  }

  #wrong<Given>(given: Given): Given {
    this.isWrong = true;
    return given;
  }
}
