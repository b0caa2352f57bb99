/**
 * A recording: values of outputs as they came to the hub, in a file that can be played again.
 *
 * A CBOR sequence (RFC 8742) of byte strings, each with one item in it, so that a reader knows where the next begins:
 *
 *   head  = { v: 1, kind: "recording", site, from }                    from: µs of the site's clock; all times count on
 *   block = [ [ [output, unit, isEvent]… ], [ [after, source, late, quality, value]… ] ]
 *           sources are numbered through all blocks, from 0; after: µs since the value before; late: µs from its stamp
 *           to when it came, which may be negative
 *   end   = { v: 1, kind: "end", readings, leftOut }                   leftOut: there was more than a recording holds
 *
 * A recording without its end was cut off. Fields may be appended.
 */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../kernel/result.ts";
import { type Micros, micros } from "../kernel/units.ts";
import { type CborBounds, decodeCbor, encodeCbor, wireInteger } from "./cbor.ts";
import { textLengthMax, valueDepthMax } from "./limits.ts";
import { parseSiteAddress } from "./names.ts";
import { isSendable, type Value } from "./value.ts";
import type { Quality } from "./entry.ts";

/** A value of an output, `node/instance/output`, and when it came to the hub. */
export interface RecordedReading {
  readonly at: Micros;
  readonly from: string;
  readonly sample: {
    readonly value: Value;
    readonly unit: string;
    readonly quality: Quality;
    /** When it was measured. */
    readonly at: Micros;
    readonly isEvent?: boolean;
  };
}

/** Values of one recording: three hours of a hundred a second. They are held in memory. More: refuse; the writer ends there and says so. */
export const recordingReadingsMax = 1_000_000;
/** Bytes of one recording. More: the same. */
export const recordingBytesMax = 256 * 1024 * 1024;
/** Values of one block, and about its bytes. */
const blockReadingsMax = 500;
const blockBytesMax = 256 * 1024;
/** A block has room for one value more, of any size. */
const blockBounds: CborBounds = { bytesMax: 2 * blockBytesMax, itemsMax: 2 * blockBytesMax };

const head = z.object({
  v: z.literal(1),
  kind: z.literal("recording"),
  site: z.string().check(z.maxLength(textLengthMax)),
  from: z.int(),
});
const end = z.object({
  v: z.literal(1),
  kind: z.literal("end"),
  readings: z.int().check(z.nonnegative()),
  leftOut: z.boolean(),
});
const source = z.tuple([z.string(), z.string().check(z.maxLength(textLengthMax)), z.boolean()], z.unknown());
const reading = z.tuple(
  [
    z.int().check(z.nonnegative()),
    z.int().check(z.nonnegative()),
    z.int(),
    z.literal([0, 1, 2]),
    z.unknown(),
  ],
  z.unknown(),
);
const block = z.tuple([z.array(source), z.array(reading)], z.unknown());

/** Writes a recording, piece by piece. */
export class RecordingWriter {
  readonly #site: string;
  #last: Micros | undefined;
  /** By output, its number and what was said of it. */
  readonly #sources = new Map<string, { readonly number: number; readonly told: string }>();
  #numbered = 0;
  #fresh: unknown[] = [];
  #readings: unknown[] = [];
  #blockBytes = 0;
  #count = 0;
  #bytes = 0;
  #isFull = false;

  constructor(site: string) {
    this.#site = site;
  }

  /** Nothing more goes in. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** What is to be written now, if anything. A value that claims to be earlier than the one before came with it. */
  add({ at, from, sample }: RecordedReading): Uint8Array | undefined {
    if (this.#isFull || this.#count >= recordingReadingsMax || this.#bytes >= recordingBytesMax) {
      this.#isFull = true;
      return undefined;
    }
    const pieces = this.#last === undefined ? [this.#framed(this.#head(at))] : [];
    const before = this.#last ?? at;
    const now = micros(Math.max(at, before));
    this.#last = now;
    const { value, unit, quality, isEvent = false } = sample;
    const number = this.#numberOf(from, unit, isEvent);
    this.#readings.push([wireInteger(now - before), number, signed(now - sample.at), quality, value]);
    this.#count += 1;
    this.#blockBytes +=
      typeof value === "number" || typeof value === "boolean" ? 16 : 16 + encodeCbor(value).length;
    if (this.#readings.length >= blockReadingsMax || this.#blockBytes >= blockBytesMax)
      pieces.push(this.#block());
    return pieces.length === 0 ? undefined : joined(pieces);
  }

  /** The last piece. */
  end(at: Micros): Uint8Array {
    const pieces = this.#last === undefined ? [this.#framed(this.#head(at))] : [];
    if (this.#readings.length > 0) pieces.push(this.#block());
    pieces.push(this.#framed({ v: 1, kind: "end", readings: this.#count, leftOut: this.#isFull }));
    return joined(pieces);
  }

  #head(from: Micros): unknown {
    return { v: 1, kind: "recording", site: this.#site, from: wireInteger(from) };
  }

  #numberOf(from: string, unit: string, isEvent: boolean): number {
    const told = `${unit} ${isEvent}`;
    const known = this.#sources.get(from);
    if (known?.told === told) return known.number;
    const number = this.#numbered++;
    this.#sources.set(from, { number, told });
    this.#fresh.push([from, unit, isEvent]);
    return number;
  }

  #block(): Uint8Array {
    const bytes = this.#framed([this.#fresh, this.#readings]);
    this.#fresh = [];
    this.#readings = [];
    this.#blockBytes = 0;
    return bytes;
  }

  #framed(item: unknown): Uint8Array {
    const framed = encodeCbor(encodeCbor(item));
    this.#bytes += framed.length;
    return framed;
  }
}

/** Below -2^32 cbor-x writes numbers as floats too. */
const signed = (value: number): number | bigint =>
  value < -0xffff_ffff ? BigInt(value) : wireInteger(value);

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export interface Recording {
  readonly site: string;
  /** When it begins, by the site's clock. */
  readonly from: Micros;
  /** In the order in which they came. */
  readonly readings: readonly RecordedReading[];
  /** Its end is missing: what was written before it is there. */
  readonly isCutOff: boolean;
  /** There was more than a recording holds. */
  readonly isLeftOut: boolean;
}

export type RecordingFault = "no-recording" | "unknown-version" | "damaged" | "too-large";

/** What is in the bytes of a file; never throws. A torn end is no fault, anything else that is not right is. */
export function readRecording(bytes: Uint8Array): Result<Recording, RecordingFault> {
  if (bytes.length > recordingBytesMax + blockBounds.bytesMax) return failed("too-large");
  const first = itemAt(bytes, 0);
  if (first === undefined || first === "torn") return failed("no-recording");
  const read = head.safeParse(first.item);
  if (!read.success) return failed(isOtherVersion(first.item) ? "unknown-version" : "no-recording");
  const reader = new RecordingReader(micros(read.data.from));
  for (let { next } = first; next < bytes.length;) {
    const piece = itemAt(bytes, next);
    if (piece === "torn") break;
    if (piece === undefined || !reader.take(piece.item)) return failed("damaged");
    if (reader.readings.length > recordingReadingsMax) return failed("too-large");
    ({ next } = piece);
  }
  const { readings, ended } = reader;
  if (ended !== undefined && ended.readings !== readings.length) return failed("damaged");
  const { site, from } = read.data;
  const isLeftOut = ended?.leftOut ?? false;
  return ok({ site, from: micros(from), readings, isCutOff: ended === undefined, isLeftOut });
}

const isOtherVersion = (item: unknown): boolean =>
  typeof item === "object" && item !== null && "kind" in item && item.kind === "recording";

class RecordingReader {
  readonly readings: RecordedReading[] = [];
  ended: z.infer<typeof end> | undefined;
  readonly #sources: z.infer<typeof source>[] = [];
  #at: Micros;

  constructor(from: Micros) {
    this.#at = from;
  }

  /** Whether it is right. */
  take(item: unknown): boolean {
    if (this.ended !== undefined) return false;
    if (!Array.isArray(item)) {
      this.ended = end.safeParse(item).data;
      return this.ended !== undefined;
    }
    const read = block.safeParse(item);
    if (!read.success) return false;
    const [sources, readings] = read.data;
    if (!sources.every(([from]) => parseSiteAddress(from).ok)) return false;
    this.#sources.push(...sources);
    return readings.every((each) => this.#reading(each));
  }

  #reading([after, number, late, quality, value]: z.infer<typeof reading>): boolean {
    const known = this.#sources[number];
    const at = this.#at + after;
    if (known === undefined || !isValue(value)) return false;
    if (!Number.isSafeInteger(at) || !Number.isSafeInteger(at - late)) return false;
    const [from, unit, isEvent] = known;
    this.#at = micros(at);
    this.readings.push({
      at: this.#at,
      from,
      sample: { value, unit, quality, at: micros(at - late), isEvent },
    });
    return true;
  }
}

const isValue = (value: unknown): value is Value => isSendable(value, valueDepthMax);

/** Lengths of byte strings by the low five bits of their first byte, RFC 8949 section 3. */
const byteString = 0x40;
const lengthBytes: Readonly<Record<number, number>> = { 24: 1, 25: 2, 26: 4 };

/** The item that begins at `at`, and where the next one does; `torn`: the bytes end in it; `undefined`: there is none. */
function itemAt(
  bytes: Uint8Array,
  at: number,
): { readonly item: unknown; readonly next: number } | "torn" | undefined {
  const first = bytes[at];
  if (first === undefined || (first & 0xe0) !== byteString) return undefined;
  const short = first & 0x1f;
  const wide = lengthBytes[short] ?? 0;
  if (short >= 24 && wide === 0) return undefined;
  let length = wide === 0 ? short : 0;
  for (let place = 1; place <= wide; place += 1) {
    const byte = bytes[at + place];
    if (byte === undefined) return "torn";
    length = length * 256 + byte;
  }
  const start = at + 1 + wide;
  if (length > blockBounds.bytesMax) return undefined;
  if (start + length > bytes.length) return "torn";
  const decoded = decodeCbor(bytes.subarray(start, start + length), blockBounds);
  return decoded.ok ? { item: decoded.value, next: start + length } : undefined;
}
