/** Bytes into lines of text, with a bound: what has no end in time is given up, and the next line begins after it. */

/** Bytes of a line without its end. Longer: evict, and count. */
export const lineBytesMax = 4096;

const newLine = 10;
const carriageReturn = 13;

export class LineReader {
  readonly #decoder = new TextDecoder();
  #kept: number[] = [];
  #isTooLong = false;
  /** Lines that were given up. */
  lost = 0;

  /** The lines that end in these bytes, without their ends. Bytes that are no UTF-8 become U+FFFD. */
  take(bytes: Uint8Array): readonly string[] {
    const lines: string[] = [];
    for (const byte of bytes) {
      if (byte !== newLine) {
        if (this.#kept.length < lineBytesMax) this.#kept.push(byte);
        else this.#isTooLong = true;
        continue;
      }
      if (this.#kept.at(-1) === carriageReturn) this.#kept.pop();
      if (this.#isTooLong) this.lost += 1;
      else lines.push(this.#decoder.decode(Uint8Array.from(this.#kept)));
      this.#kept = [];
      this.#isTooLong = false;
    }
    return lines;
  }
}
