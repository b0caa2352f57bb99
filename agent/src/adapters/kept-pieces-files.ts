/**
 * A file for each file that is on its way: records of place, length, CRC-32 and bytes, one after the other. Not synced: a
 * power cut leaves what it leaves, and what does not have its sum is asked again.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { messageOf } from "@interactor/shared/kernel/fault";
import { pieceBytesMax } from "@interactor/shared/wire/limits";
import type { Disk } from "../ports/disk.ts";
import type { KeptPieces } from "../ports/kept-pieces.ts";
import type { Log } from "../ports/log.ts";

/** Of one file, over a line that loses much. More: refuse to keep, and ask again. */
const fileBytesMax = 4 * 1024 * 1024;
/** Files that were begun and not ended. More: evict those that are not asked for now. */
const filesMax = 8;
/** Place, length, sum. */
const headBytes = 8 + 4 + 4;

export interface KeptPiecesOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly log: Log;
}

export async function openKeptPieces({ folder, disk, log }: KeptPiecesOptions): Promise<KeptPieces> {
  await disk.makeFolder(folder);
  const ends = new Map<string, number>();
  const pathOf = (digest: string): string => join(folder, digest.replaceAll(/[^0-9a-f]/g, ""));
  let working: Promise<unknown> = Promise.resolve();
  /** One after the other, and no failure goes further: a piece that is not kept is asked again. */
  const inTurn = <Result>(task: () => Promise<Result>, otherwise: Result): Promise<Result> => {
    const done = working.then(task).catch((error: unknown) => {
      log.warn("pieces of a file could not be kept", { cause: messageOf(error) });
      return otherwise;
    });
    working = done;
    return done;
  };
  return {
    load: (digest) =>
      inTurn(async () => {
        await evict(folder, digest, disk);
        const bytes = await disk.read(pathOf(digest));
        const { pieces, end } = bytes === undefined ? { pieces: new Map(), end: 0 } : piecesIn(bytes);
        ends.set(digest, end);
        return pieces;
      }, new Map<number, Uint8Array>()),
    keep: (digest, at, data) =>
      inTurn(async () => {
        const end = ends.get(digest) ?? 0;
        if (end + headBytes + data.length > fileBytesMax) return;
        await disk.write(pathOf(digest), record(at, data), end);
        ends.set(digest, end + headBytes + data.length);
      }, undefined),
    forget: (digest) =>
      inTurn(async () => {
        ends.delete(digest);
        await disk.remove(pathOf(digest));
      }, undefined),
  };
}

async function evict(folder: string, digest: string, disk: Disk): Promise<void> {
  const names = await disk.list(folder);
  if (names.length <= filesMax) return;
  for (const name of names) if (name !== digest) await disk.remove(join(folder, name));
}

function record(at: number, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(headBytes + data.length);
  bytes.writeBigUInt64BE(BigInt(at), 0);
  bytes.writeUInt32BE(data.length, 8);
  bytes.set(data, headBytes);
  bytes.writeUInt32BE(sumOf(bytes, data), 12);
  return bytes;
}

/** Up to the first that is not whole: what comes after it cannot be found. */
function piecesIn(bytes: Uint8Array): {
  readonly pieces: ReadonlyMap<number, Uint8Array>;
  readonly end: number;
} {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const pieces = new Map<number, Uint8Array>();
  let end = 0;
  while (end + headBytes <= all.length) {
    const length = all.readUInt32BE(end + 8);
    const after = end + headBytes + length;
    if (length > pieceBytesMax || after > all.length) break;
    const data = all.subarray(end + headBytes, after);
    if (all.readUInt32BE(end + 12) !== sumOf(all.subarray(end), data)) break;
    pieces.set(Number(all.readBigUInt64BE(end)), Uint8Array.from(data));
    end = after;
  }
  return { pieces, end };
}

/** Over the place and the length as well. */
const sumOf = (head: Buffer, data: Uint8Array): number => crc32(data, crc32(head.subarray(0, 12)));
