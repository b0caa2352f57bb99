import { copyFile, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import * as z from "zod/mini";
import { decodeCbor, encodeCbor } from "@interactor/shared/wire/cbor";
import { latchesOnWire, type ZoneLatch, zoneLatch } from "@interactor/shared/wire/messages/stop";
import type { StateStore } from "../ports/state-store.ts";

/** Keeps the state as files of the data folder, each replaced by temp → fsync → rename → fsync of the folder. */
export async function openStateStore(folder: string): Promise<StateStore> {
  await mkdir(folder, { recursive: true });
  const stop = join(folder, "stop.cbor");
  const ledgerMark = join(folder, "ledger-mark.cbor");
  let writing = Promise.resolve();
  const save = (path: string, bytes: Uint8Array) => {
    const next = writing.then(() => replaceFile(folder, path, bytes));
    writing = next.catch(() => undefined);
    return next;
  };
  return {
    loadLedgerMark: () => readIfThere(ledgerMark),
    saveLedgerMark: (mark) => save(ledgerMark, mark),
    async loadStop() {
      try {
        const latches = latchesIn(await readFile(stop));
        if (latches !== undefined) return latches;
      } catch (error) {
        if (isMissing(error)) return [];
      }
      await copyAside(stop);
      return "unreadable";
    },
    async saveStop(latches) {
      // Taking a file away works on a full disk too: what was released does not come back.
      if (latches.length === 0) await removeFile(folder, stop);
      else await replaceFile(folder, stop, checked(encodeCbor(latchesOnWire(latches))));
    },
  };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

/** A copy: until its replacement is on disk, the damaged one tells the next start that there was a stop. */
async function copyAside(path: string): Promise<void> {
  const aside = `${path}.broken-${Date.now()}`;
  await copyFile(path, aside).catch(() => rm(aside, { force: true }).catch(() => undefined));
}

const crcBytes = 4;

/** A CRC-32 in front: a bit that flips in a zone's name would let the node go unseen. */
function checked(body: Uint8Array): Uint8Array {
  const crc = Buffer.alloc(crcBytes);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([crc, body]);
}

function latchesIn(bytes: Buffer): readonly ZoneLatch[] | undefined {
  const body = bytes.subarray(crcBytes);
  if (bytes.length <= crcBytes || bytes.readUInt32BE(0) !== crc32(body)) return undefined;
  const read = decodeCbor(body);
  const parsed = read.ok ? z.array(zoneLatch).safeParse(read.value) : undefined;
  return parsed?.success === true ? parsed.data : undefined;
}

async function removeFile(folder: string, path: string): Promise<void> {
  await rm(path, { force: true });
  await using directory = await open(folder, "r");
  await directory.sync();
}

async function replaceFile(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  await using file = await open(draft, "w");
  await file.writeFile(bytes);
  await file.sync();
  await rename(draft, path);
  await using directory = await open(folder, "r");
  await directory.sync();
}
