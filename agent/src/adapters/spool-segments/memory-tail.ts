/** The newest records of this life, with numbers in a row: they go out from here, and to the disk. */
import type { Instant } from "@interactor/shared/kernel/units";
import type { TakeLimits } from "../../ports/spool.ts";

export interface TailRecord {
  readonly record: Uint8Array;
  readonly appendedAt: Instant;
}

/** What a record takes besides its bytes. */
const recordOverhead = 100;

export class MemoryTail {
  #records: TailRecord[] = [];
  #head = 0;
  #first = 0;
  #bytes = 0;

  /** The number of the oldest. */
  get first(): number {
    return this.#first;
  }

  /** The number that comes next. */
  get next(): number {
    return this.#first + this.#records.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(record: TailRecord): void {
    this.#records.push(record);
    this.#bytes += record.record.length + recordOverhead;
  }

  /** Those numbered from `seq`, which is at least `first`. */
  take(seq: number, { messagesMax, bytesMax }: TakeLimits): readonly TailRecord[] {
    const records: TailRecord[] = [];
    let bytes = 0;
    for (let index = this.#head + seq - this.#first; index < this.#records.length; index += 1) {
      const record = this.#records[index];
      if (record === undefined || records.length === messagesMax) break;
      bytes += record.record.length;
      if (records.length > 0 && bytes > bytesMax) break;
      records.push(record);
    }
    return records;
  }

  /** Forgets those with smaller numbers. */
  dropBefore(seq: number): void {
    while (this.#first < seq && this.#head < this.#records.length) {
      this.#bytes -= (this.#records[this.#head]?.record.length ?? 0) + recordOverhead;
      this.#head += 1;
      this.#first += 1;
    }
    if (this.#head * 2 <= this.#records.length) return;
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }
}
