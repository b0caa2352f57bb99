/**
 * Cuts a byte stream into MQTT packets (MQTT 3.1.1 section 2.2) and gathers those that come in pieces. A packet
 * that claims to be longer than allowed is refused at its fixed header, before any of it is gathered.
 */

export interface FrameLimits {
  /** Bytes of a packet after its fixed header. */
  bytesMax: number;
}

/**
 * Takes one whole packet: `bytes[start]` is its first byte, `body` the one after the fixed header. `false`: hold what
 * comes after it; "left": hold it too, it is given again.
 */
export type TakeFrame = (bytes: Buffer, start: number, body: number, end: number) => boolean | "left";

const nothing = Buffer.alloc(0);

export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #take: TakeFrame;
  /** What came and was not yet taken, from its start up to `#length`. It begins with a packet. */
  #waiting = nothing;
  #length = 0;
  /** As long as this it must be before it is worth looking again. */
  #needed = 0;
  #isHeld = false;
  #isOver = false;

  constructor(limits: FrameLimits, take: TakeFrame) {
    this.#limits = limits;
    this.#take = take;
  }

  /** Bytes that are held for what waits: for the rest of a packet, or because the taker holds. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  /** Says what is wrong with the bytes, if anything is; then it is over. */
  push(chunk: Buffer): "too-large" | "malformed" | undefined {
    if (this.#isOver) return undefined;
    if (this.#length === 0 && !this.#isHeld) return this.#cut(chunk);
    this.#append(chunk);
    return this.#isHeld || this.#length < this.#needed ? undefined : this.#cut(this.#takeWaiting());
  }

  /** The taker goes on after it held. */
  resume(): "too-large" | "malformed" | undefined {
    if (!this.#isHeld) return undefined;
    this.#isHeld = false;
    return this.#length === 0 ? undefined : this.#cut(this.#takeWaiting());
  }

  /** Gives up what waits, and takes nothing more. */
  end(): void {
    this.#isOver = true;
    this.#takeWaiting();
  }

  #takeWaiting(): Buffer {
    const bytes = this.#waiting.subarray(0, this.#length);
    this.#waiting = nothing;
    this.#length = 0;
    return bytes;
  }

  /** By doubling: bytes that come one by one are neither copied often nor kept as pieces. */
  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#waiting.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.#length * 2, this.#needed)));
      this.#waiting.copy(larger, 0, 0, this.#length);
      this.#waiting = larger;
    }
    chunk.copy(this.#waiting, this.#length);
    this.#length = length;
  }

  #cut(bytes: Buffer): "too-large" | "malformed" | undefined {
    let start = 0;
    while (start < bytes.length) {
      const header = readHeader(bytes, start);
      if (header === "unfinished") return this.#keep(bytes, start, bytes.length - start + 1);
      if (header === "malformed" || header.length > this.#limits.bytesMax) {
        this.end();
        return header === "malformed" ? header : "too-large";
      }
      const end = header.body + header.length;
      if (end > bytes.length) return this.#keep(bytes, start, end - start);
      const goesOn = this.#take(bytes, start, header.body, end);
      if (goesOn !== "left") start = end;
      if (this.#isOver) return undefined;
      if (goesOn !== true) {
        this.#isHeld = true;
        return this.#keep(bytes, start, 0);
      }
    }
    return undefined;
  }

  /** Copies what is left, so that a few bytes do not keep alive all that came with them. */
  #keep(bytes: Buffer, start: number, needed: number): undefined {
    this.#needed = needed;
    if (start < bytes.length) this.#append(bytes.subarray(start));
  }
}

/** Reused: there is one packet at a time. */
const header = { body: 0, length: 0 };

function readHeader(bytes: Buffer, start: number): typeof header | "unfinished" | "malformed" {
  let length = 0;
  for (let at = start + 1, weight = 1; at < start + 5; at += 1, weight *= 128) {
    const byte = bytes[at];
    if (byte === undefined) return "unfinished";
    length += (byte & 127) * weight;
    if (byte < 128) {
      header.body = at + 1;
      header.length = length;
      return header;
    }
  }
  return "malformed";
}
