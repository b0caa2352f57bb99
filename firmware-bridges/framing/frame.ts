/**
 * Frames on a serial line: content and its CRC-16, stuffed, ended by a zero. Whatever comes before a zero that is no
 * frame is passed over, so that a reader is in step again at the next zero.
 */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { stuff, unstuff } from "./cobs.ts";
import { crc16 } from "./crc16.ts";

/**
 * Bytes of content in one frame, so that a microcontroller with 2 KB of memory can hold one each way.
 * More: refuse to send; a frame that brings more is refused as `too-long`.
 */
export const contentBytesMax = 96;

/** Content, CRC, and one byte for each group of stuffing. */
const stuffedBytesMax = contentBytesMax + 2 + 1;

/** Why bytes before a zero are no frame. */
export type FrameFault = "torn" | "too-short" | "too-long" | "crc";

/** With the zero that ends it. */
export function encodeFrame(content: Uint8Array): Result<Uint8Array, "too-long"> {
  if (content.length > contentBytesMax) return failed("too-long");
  const crc = crc16(content);
  const checked = Uint8Array.of(...content, crc >>> 8, crc & 0xff);
  return ok(Uint8Array.of(...stuff(checked), 0));
}

export interface FrameListener {
  /** The content is the listener's own. */
  frame(content: Uint8Array): void;
  fault(reason: FrameFault): void;
}

/** Finds frames in bytes as they come. Holds no more than one frame. */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #stuffed = new Uint8Array(stuffedBytesMax);
  #length = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 0) this.#end();
      else if (this.#length < stuffedBytesMax) this.#stuffed[this.#length++] = byte;
      else this.#length = stuffedBytesMax + 1;
    }
  }

  /** Forgets a frame that has begun: the line was opened anew. */
  restart(): void {
    this.#length = 0;
  }

  #end(): void {
    const length = this.#length;
    this.#length = 0;
    // Two zeros with nothing between them make sure that both sides are in step.
    if (length === 0) return;
    if (length > stuffedBytesMax) return this.#listener.fault("too-long");
    const content = readFrame(this.#stuffed.subarray(0, length));
    if (content.ok) this.#listener.frame(content.value);
    else this.#listener.fault(content.error);
  }
}

function readFrame(stuffed: Uint8Array): Result<Uint8Array, FrameFault> {
  const checked = unstuff(stuffed);
  if (!checked.ok) return checked;
  const length = checked.value.length - 2;
  if (length < 1) return failed("too-short");
  if (length > contentBytesMax) return failed("too-long");
  const [high = 0, low = 0] = checked.value.subarray(length);
  const content = checked.value.slice(0, length);
  return crc16(content) === ((high << 8) | low) ? ok(content) : failed("crc");
}
