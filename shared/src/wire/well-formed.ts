/**
 * Looks a CBOR payload over before anything is built from it.
 *
 * A decoder believes the lengths it reads: an array that claims four billion items, ten thousand nested
 * lists or a tag that builds an object would cost us before any shape check runs. So this walks the bytes
 * once, without recursion and without allocating, and lets through only what the node link uses (RFC 8949
 * section 3): definite lengths, no tags, text keys, bounded depth and item count, and nothing after the end.
 */
import { cborDepthMax, cborItemsMax } from "./limits.ts";

export type Malformed =
  | "empty"
  | "truncated"
  | "trailing-bytes"
  | "too-deep"
  | "too-many-items"
  | "tag"
  | "indefinite-length"
  | "reserved"
  | "key-not-text";

const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;

export interface Inspection {
  /** What is wrong with the bytes as one CBOR item of ours; `undefined` when nothing is. */
  readonly malformed: Malformed | undefined;
  /** Where negative integers of 64 bits begin. cbor-x reads them wrongly, see cbor.ts. */
  readonly wideNegatives: readonly number[];
}

/** Looks over `bytes`, in time linear in their length whatever they claim. */
export function inspect(
  bytes: Uint8Array,
  itemsMax: number = cborItemsMax,
  depthMax: number = cborDepthMax,
): Inspection {
  const scan = new Scan(bytes, itemsMax, depthMax);
  return { malformed: bytes.length === 0 ? "empty" : scan.run(), wideNegatives: scan.wideNegatives };
}

const wideNegative = 0x3b;

class Scan {
  readonly wideNegatives: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #itemsMax: number;
  readonly #depthMax: number;
  #position = 0;
  #items = 0;
  /** Items still to come at each open level, and whether that level is a map (its even items are keys). */
  readonly #left: number[] = [1];
  readonly #isMap: boolean[] = [false];

  constructor(bytes: Uint8Array, itemsMax: number, depthMax: number) {
    this.#bytes = bytes;
    this.#itemsMax = itemsMax;
    this.#depthMax = depthMax;
  }

  run(): Malformed | undefined {
    while (this.#left.length > 0) {
      const level = this.#left.length - 1;
      const left = this.#left[level] ?? 0;
      if (left === 0) {
        this.#left.pop();
        this.#isMap.pop();
        continue;
      }
      this.#left[level] = left - 1;
      const wrong = this.#item(this.#isMap[level] === true && left % 2 === 0);
      if (wrong !== undefined) return wrong;
    }
    return this.#position === this.#bytes.length ? undefined : "trailing-bytes";
  }

  #item(isKey: boolean): Malformed | undefined {
    if (++this.#items > this.#itemsMax) return "too-many-items";
    const initial = this.#bytes[this.#position++];
    if (initial === undefined) return "truncated";
    const type = initial >> 5;
    const info = initial & 31;
    if (isKey && type !== major.text) return "key-not-text";
    if (type === major.tag) return "tag";
    if (info === 31) return "indefinite-length";
    if (info > 27) return "reserved";
    if (initial === wideNegative) this.wideNegatives.push(this.#position - 1);
    if (type === major.simple) return this.#simple(info);
    const argument = this.#argument(info);
    if (argument === undefined) return "truncated";
    return this.#body(type, argument);
  }

  /** Only false, true, null, undefined and the three float widths. */
  #simple(info: number): Malformed | undefined {
    if (info < 20 || info === 24) return "reserved";
    if (info > 24) this.#position += 1 << (info - 24);
    return this.#position > this.#bytes.length ? "truncated" : undefined;
  }

  #argument(info: number): number | undefined {
    if (info < 24) return info;
    const width = 1 << (info - 24);
    if (this.#position + width > this.#bytes.length) return undefined;
    let value = 0;
    const end = this.#position + width;
    for (; this.#position < end; this.#position++) {
      value = value * 256 + (this.#bytes[this.#position] ?? 0);
    }
    return value;
  }

  #body(type: number, argument: number): Malformed | undefined {
    if (type === major.unsigned || type === major.negative) return undefined;
    const remaining = this.#bytes.length - this.#position;
    // Every item takes at least one byte, so a longer container cannot be whole.
    if (argument > remaining) return "truncated";
    if (type === major.bytes || type === major.text) {
      this.#position += argument;
      return undefined;
    }
    if (this.#left.length > this.#depthMax) return "too-deep";
    this.#left.push(type === major.map ? argument * 2 : argument);
    this.#isMap.push(type === major.map);
    return undefined;
  }
}
