/**
 * What stands in front of a batch's entries, read byte by byte: a decoder would build all entries to get at it, and a
 * hub has to know a repeat, and whose numbers these are, before it does anything with them (RFC 8949 section 3).
 */
import { type Lane, isLane } from "./lanes.ts";
import { sessionBytes } from "./session.ts";

export const batchVersion = 1;
/** Where the entries stand among the fields. */
export const entriesPlace = 5;

export interface BatchHead {
  readonly lane: Lane;
  readonly session: Uint8Array;
  readonly firstSeq: number;
  /** µs since 1970. */
  readonly baseAt: number;
  /** Of its entries. */
  readonly length: number;
}

const major = { unsigned: 0, bytes: 2, array: 4 } as const;

/** `bytes` is one well-formed item of CBOR. */
export function readHead(bytes: Uint8Array): BatchHead | "wrong-shape" | "unknown-version" {
  const cursor = new Cursor(bytes);
  const fields = cursor.argument(major.array);
  const version = cursor.argument(major.unsigned);
  if (fields === undefined || fields <= entriesPlace || version === undefined) return "wrong-shape";
  if (version !== batchVersion) return "unknown-version";
  const lane = cursor.argument(major.unsigned);
  const session = cursor.bytes();
  const firstSeq = cursor.argument(major.unsigned);
  const baseAt = cursor.argument(major.unsigned);
  const length = cursor.argument(major.array);
  if (!isLane(lane) || session?.length !== sessionBytes) return "wrong-shape";
  if (firstSeq === undefined || baseAt === undefined || length === undefined) return "wrong-shape";
  return { lane, session, firstSeq, baseAt, length };
}

/** Reads one head of an item after the other. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The argument of the next item, if it is of this type and safe as a number. */
  argument(type: (typeof major)[keyof typeof major]): number | undefined {
    const initial = this.#bytes[this.#at] ?? 0xff;
    if (initial >> 5 !== type) return undefined;
    this.#at += 1;
    const short = initial & 31;
    if (short < 24) return short;
    if (short > 27) return undefined;
    let value = 0;
    for (const end = this.#at + (1 << (short - 24)); this.#at < end; this.#at += 1)
      value = value * 256 + (this.#bytes[this.#at] ?? 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }

  bytes(): Uint8Array | undefined {
    const length = this.argument(major.bytes);
    if (length === undefined) return undefined;
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}
