/** Answers to one client that are due together: those that wait for the same group to be written, as one run of bytes. */
import type { Unwritten } from "./unwritten.ts";

/** Most answers have four bytes, and a client seldom sends more than this at a time. */
const firstBytes = 64;

export class HeldAnswers {
  /** `undefined`: nothing but those before it. */
  waitsFor: Unwritten | undefined;
  /** The number of the question whose answer makes them due. */
  readonly question: number;
  count = 0;
  #buffer = Buffer.allocUnsafe(firstBytes);
  #length = 0;

  constructor(waitsFor: Unwritten | undefined, question: number) {
    this.waitsFor = waitsFor;
    this.question = question;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  isOf(waitsFor: Unwritten, question: number): boolean {
    return this.waitsFor === waitsFor && this.question === question;
  }

  /** An answer that consists of its packet's id. */
  short(first: number, packetId: number): void {
    const at = this.#room(4);
    this.count += 1;
    this.#buffer[at] = first;
    this.#buffer[at + 1] = 2;
    this.#buffer[at + 2] = packetId >> 8;
    this.#buffer[at + 3] = packetId & 255;
  }

  add(packet: Buffer): void {
    this.count += 1;
    const at = this.#room(packet.length);
    packet.copy(this.#buffer, at);
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
