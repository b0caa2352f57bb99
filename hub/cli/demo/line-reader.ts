/** A line that is longer is cut: a program that prints without end must not fill our memory. */
const lineLengthMax = 16 * 1024;

/** Cuts a stream of bytes into lines, and remembers the last one that was worth it. */
export class LineReader {
  readonly #isWorthIt: (line: string) => boolean;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #last: string | undefined;

  /** `isWorthIt` is asked about every line that is not empty, once. */
  constructor(isWorthIt: (line: string) => boolean) {
    this.#isWorthIt = isWorthIt;
  }

  take(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, lineLengthMax);
    for (const line of lines) {
      const trimmed = line.trim();
      if (trimmed !== "" && this.#isWorthIt(trimmed)) this.#last = trimmed;
    }
  }

  get last(): string | undefined {
    return this.#last;
  }
}
