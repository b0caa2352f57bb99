import type { Painter } from "../output.ts";

/** Columns of the first word, so that what is said about it stands in one column. */
const nameWidth = 8;

/** What the demo says of itself, a line each, beside the data on stdout. */
export class Progress {
  readonly #stream: NodeJS.WritableStream;
  readonly #painter: Painter;

  constructor(stream: NodeJS.WritableStream, painter: Painter) {
    this.#stream = stream;
    this.#painter = painter;
  }

  say(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  good(name: string, text: string): void {
    this.say(`${this.#painter.good("✔")} ${name.padEnd(nameWidth)} ${text}`);
  }

  warn(name: string, text: string): void {
    this.say(`${this.#painter.warn("!")} ${name.padEnd(nameWidth)} ${text}`);
  }

  bad(name: string, text: string): void {
    this.say(`${this.#painter.bad("✖")} ${name.padEnd(nameWidth)} ${text}`);
  }
}
