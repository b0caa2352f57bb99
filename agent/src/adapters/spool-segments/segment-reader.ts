/** Reads the records of one segment in their order, a part at a time: a spool is never read into memory whole. */
import { type FileHandle, open } from "node:fs/promises";
import { type Frame, frameHeadBytes, readFrame, recordBytesMax, sealOf } from "./frame.ts";
import type { Segment } from "./segment.ts";

/** Read at once. */
const partBytes = 128 * 1024;

export interface StoredRecord {
  readonly seq: number;
  readonly record: Uint8Array;
}

export interface Part {
  readonly records: readonly StoredRecord[];
  /** `more`: go on. `end`: that was all. `damaged`: what follows cannot be read. */
  readonly next: "more" | "end" | "damaged";
}

export class SegmentReader implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #seal: number;
  #offset = 0;
  #lastSeq = -1;

  private constructor(file: FileHandle, seal: number) {
    this.#file = file;
    this.#seal = seal;
  }

  static async open({ path, session }: Pick<Segment, "path" | "session">): Promise<SegmentReader> {
    return new SegmentReader(await open(path, "r"), sealOf(session));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }

  /** Where the first bytes stand that are no record. */
  get validBytes(): number {
    return this.#offset;
  }

  /** The next records of those numbered from `from` to before `to`. */
  async read(from: number, to: number): Promise<Part> {
    const bytes = await this.#readAt(this.#offset, partBytes);
    const first = readFrame(bytes, 0, this.#seal);
    // A record may be longer than a part.
    const isCut = first === "short" && bytes.length === partBytes;
    return this.#partOf(isCut ? await this.#readAt(this.#offset, longestFrame) : bytes, from, to);
  }

  #partOf(bytes: Buffer, from: number, to: number): Part {
    const records: StoredRecord[] = [];
    let at = 0;
    for (;;) {
      const frame = readFrame(bytes, at, this.#seal);
      if (typeof frame === "string") {
        this.#offset += at;
        if (frame === "short" && at > 0) return { records, next: "more" };
        return { records, next: frame === "short" && bytes.length === 0 ? "end" : "damaged" };
      }
      if (frame.seq <= this.#lastSeq) return { records, next: "damaged" };
      if (frame.seq >= to) {
        this.#offset += at;
        return { records, next: "end" };
      }
      this.#lastSeq = frame.seq;
      at = frame.end;
      if (frame.seq >= from) records.push({ seq: frame.seq, record: frame.record });
    }
  }

  async #readAt(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#file.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }
}

const longestFrame = frameHeadBytes + recordBytesMax;

/** The last number of a frame found anywhere behind `from`: whether bytes that are no record are the end or a hole. */
export function lastSeqBehind(
  bytes: Buffer,
  from: number,
  segment: Pick<Segment, "session" | "first">,
): number {
  const seal = sealOf(segment.session);
  let last = -1;
  for (let at = from; at + frameHeadBytes <= bytes.length;) {
    const frame = isLikely(bytes, at, segment.first) ? readFrame(bytes, at, seal) : "wrong";
    if (isFrame(frame)) last = Math.max(last, frame.seq);
    at = isFrame(frame) ? frame.end : at + 1;
  }
  return last;
}

const isFrame = (frame: Frame | "short" | "wrong"): frame is Frame => typeof frame !== "string";

/** Saves the CRC of most places: a number in a segment is not far from its first. */
function isLikely(bytes: Buffer, at: number, first: number): boolean {
  const seq = bytes.readUInt32BE(at + 8) * 2 ** 32 + bytes.readUInt32BE(at + 12);
  return seq >= first && seq < first + 10_000_000;
}
