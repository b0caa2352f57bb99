/**
 * Cuts a stream of bytes into lines. However the bytes are cut into chunks the lines are the same, and never
 * more than `lineBytesMax` bytes and a delimiter are held.
 */
export interface LineSplitterOptions {
  readonly delimiter: Uint8Array;
  /** Without the delimiter. Longer: the line is given up at this length and passed over to its end. */
  readonly lineBytesMax: number;
  /** A whole line without its delimiter. The bytes are good during the call only. */
  readonly onLine: (line: Uint8Array) => void;
  /** The beginning of a line that is too long, once for each. The bytes are good during the call only. */
  readonly onTooLong: (beginning: Uint8Array) => void;
}

export class LineSplitter {
  readonly #options: LineSplitterOptions;
  readonly #held: Uint8Array;
  #length = 0;
  #isSkipping = false;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
    this.#held = new Uint8Array(options.lineBytesMax + options.delimiter.length);
  }

  /** Forgets what is held: the stream begins anew. */
  restart(): void {
    this.#length = 0;
    this.#isSkipping = false;
  }

  push(chunk: Uint8Array): void {
    for (const byte of chunk) this.#take(byte);
  }

  #take(byte: number): void {
    this.#held[this.#length] = byte;
    this.#length += 1;
    const { delimiter, onLine, onTooLong } = this.#options;
    if (this.#endsWith(delimiter)) {
      const line = this.#held.subarray(0, this.#length - delimiter.length);
      const isWhole = !this.#isSkipping;
      this.#length = 0;
      this.#isSkipping = false;
      if (isWhole) onLine(line);
      return;
    }
    if (this.#length < this.#held.length) return;
    // Full without a delimiter. Its first bytes may be in already: they stay, the rest goes.
    if (!this.#isSkipping) onTooLong(this.#held.subarray(0, this.#options.lineBytesMax));
    this.#isSkipping = true;
    this.#held.copyWithin(0, this.#length - (delimiter.length - 1), this.#length);
    this.#length = delimiter.length - 1;
  }

  #endsWith(delimiter: Uint8Array): boolean {
    const start = this.#length - delimiter.length;
    if (start < 0) return false;
    for (let index = 0; index < delimiter.length; index++) {
      if (this.#held[start + index] !== delimiter[index]) return false;
    }
    return true;
  }
}
