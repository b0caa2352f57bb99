import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/** Bytes of one log. Fuller: it becomes `.1`, and the `.1` before it is gone. */
const logBytesMax = 5 * 1024 * 1024;

/** A program's log, at most two files of `bytesMax` bytes. A full disk costs lines, never the program. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #bytesMax: number;
  #file: number | undefined;
  #bytes = 0;
  /** Bytes that could not be written. */
  lost = 0;

  constructor(path: string, bytesMax = logBytesMax) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#open();
  }

  write(chunk: Uint8Array): void {
    if (this.#bytes > 0 && this.#bytes + chunk.length > this.#bytesMax) this.#turnOver();
    try {
      if (this.#file === undefined) this.#open();
      if (this.#file === undefined) return;
      this.#bytes += writeSync(this.#file, chunk);
    } catch {
      this.lost += chunk.length;
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    this.#file = openSync(this.#path, "a");
    this.#bytes = fstatSync(this.#file).size;
  }

  #turnOver(): void {
    this[Symbol.dispose]();
    this.#bytes = 0;
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch {
      // Somebody took it away: a new one is made.
    }
  }
}
