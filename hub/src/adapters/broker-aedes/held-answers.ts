/** Answers to one client that are due together: those that wait for the same group to be written, as one run of bytes. */
import type { Written } from "../../ports/written.ts";

/** Most answers have four bytes, and a client seldom sends more than this at a time. */
const firstBytes = 64;

export class HeldAnswers {
  /** `undefined`: nothing but those before it. */
  waitsFor: Written | undefined;
  /** What they wait for was asked to say when. */
  isAsked = false;
  readonly #group: number | undefined;
  #buffer = Buffer.allocUnsafe(firstBytes);
  #length = 0;

  constructor(waitsFor: Written | undefined) {
    this.waitsFor = waitsFor;
    this.#group = waitsFor?.group;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Whether what waits for `written` now is due when these are. */
  isWith(written: Written): boolean {
    return this.waitsFor === written && this.#group === written.group;
  }

  /** An answer that consists of its packet's id. */
  short(first: number, packetId: number): void {
    const at = this.#room(4);
    this.#buffer[at] = first;
    this.#buffer[at + 1] = 2;
    this.#buffer[at + 2] = packetId >> 8;
    this.#buffer[at + 3] = packetId & 255;
  }

  add(packet: Buffer): void {
    packet.copy(this.#buffer, this.#room(packet.length));
  }

  /** Makes room for so many bytes more, and says where they go. */
  #room(more: number): number {
    const at = this.#length;
    this.#length += more;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}
