/**
 * Up to where the hub has confirmed, and how long the spool has run. Two places in one file, written in turn, each
 * with a CRC: a write that a power cut tears leaves the other. It may lag: what is sent again, the hub knows again.
 */
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";

export interface Cursor {
  /** Segments before this one are done with. */
  readonly index: number;
  /** So are the records of this segment with smaller numbers. */
  readonly seq: number;
  /** Of the spool's clock, in seconds. */
  readonly ran: number;
}

const slotBytes = 40;

interface Slot extends Cursor {
  readonly generation: number;
}

export class CursorFile {
  readonly #path: string;
  #generation = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The newest that is whole; `undefined`: there is none. Throws when the file is there and cannot be read. */
  async read(): Promise<Cursor | undefined> {
    await using file = await open(this.#path, "r");
    const bytes = Buffer.alloc(2 * slotBytes);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    const slots = [0, slotBytes].flatMap((at) => readSlot(bytes.subarray(0, bytesRead), at));
    const newest = slots.toSorted((a, b) => b.generation - a.generation)[0];
    this.#generation = newest?.generation ?? 0;
    return newest;
  }

  async write(cursor: Cursor): Promise<void> {
    this.#generation += 1;
    await using file = await openToWrite(this.#path);
    const bytes = slotOf({ ...cursor, generation: this.#generation });
    await file.write(bytes, 0, bytes.length, (this.#generation % 2) * slotBytes);
    await file.datasync();
  }
}

async function openToWrite(path: string) {
  try {
    return await open(path, "r+");
  } catch {
    return open(path, "w+");
  }
}

function slotOf({ generation, index, seq, ran }: Slot): Buffer {
  const bytes = Buffer.alloc(slotBytes);
  for (const [place, value] of [generation, index, seq, ran].entries()) bytes.writeDoubleBE(value, place * 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 32)), 32);
  return bytes;
}

function readSlot(bytes: Buffer, at: number): readonly Slot[] {
  if (bytes.length < at + slotBytes) return [];
  if (bytes.readUInt32BE(at + 32) !== crc32(bytes.subarray(at, at + 32))) return [];
  const [generation = 0, index = 0, seq = 0, ran = 0] = [0, 8, 16, 24].map((offset) =>
    bytes.readDoubleBE(at + offset),
  );
  return generation > 0 ? [{ generation, index, seq, ran }] : [];
}
