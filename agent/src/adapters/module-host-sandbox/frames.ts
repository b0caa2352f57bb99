/** What passes the pipe of a sandbox: CBOR, each item behind its length in four bytes, most significant first. */
import { encodeCbor } from "@interactor/shared/wire/cbor";

const lengthBytes = 4;
/** From a sandbox: what an entry of the wire may have, and no more than a pipe holds. More: the guest is ended. */
export const fromGuestBytesMax = 64 * 1024;
/** To a sandbox, of us: its settings may be as large as a plan. More: refuse. */
export const toGuestBytesMax = 1024 * 1024;

export function frameOf(message: unknown): Uint8Array {
  const body = encodeCbor(message);
  const frame = new Uint8Array(lengthBytes + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, lengthBytes);
  return frame;
}

/** Cuts a stream into frames. Holds one frame at most, whatever comes. */
export class FrameReader {
  readonly #bytesMax: number;
  #pending: Uint8Array = new Uint8Array(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that came behind the last whole frame. */
  get waiting(): number {
    return this.#pending.length;
  }

  add(chunk: Uint8Array): void {
    if (this.#pending.length === 0) {
      this.#pending = chunk;
      return;
    }
    const joined = new Uint8Array(this.#pending.length + chunk.length);
    joined.set(this.#pending);
    joined.set(chunk, this.#pending.length);
    this.#pending = joined;
  }

  /** The next whole frame's content; `undefined` when more has to come, `too-large` when it never will be taken. */
  next(): Uint8Array | "too-large" | undefined {
    const bytes = this.#pending;
    if (bytes.length < lengthBytes) return undefined;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (length > this.#bytesMax) return "too-large";
    const end = lengthBytes + length;
    if (bytes.length < end) return undefined;
    this.#pending = bytes.subarray(end);
    return bytes.subarray(lengthBytes, end);
  }
}
