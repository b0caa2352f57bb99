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

/** Room for what came, when more comes to it: twice as much, so that no byte is copied more than a few times. */
const growth = 2;

/** Cuts a stream into frames. Holds one frame at most, whatever comes. */
export class FrameReader {
  readonly #bytesMax: number;
  #pending: Uint8Array = new Uint8Array(0);
  /** Where `#pending` lies, with room behind it; `undefined`: in somebody else's memory. */
  #room: Uint8Array | undefined;

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
      this.#room = undefined;
      return;
    }
    // What was given out before lies in front of it, and is not written over.
    const length = this.#pending.length + chunk.length;
    let room = this.#room;
    let start = room === undefined ? 0 : this.#pending.byteOffset - room.byteOffset;
    if (room === undefined || start + length > room.length) {
      room = new Uint8Array(growth * length);
      room.set(this.#pending);
      start = 0;
    }
    room.set(chunk, start + this.#pending.length);
    this.#room = room;
    this.#pending = room.subarray(start, start + length);
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
