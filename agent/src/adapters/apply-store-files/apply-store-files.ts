/**
 * What a node shall run, as files: two places for the record, written in turn, each by temp → fsync → rename → fsync of
 * the folder, so that a card which damages the newest leaves the one before; and `content`, in which a file's name is
 * its digest and a file with such a name is whole.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Fault } from "@interactor/shared/kernel/fault";
import { type ApplyStore, type Kept, nothingKept, type Receipt } from "../../ports/apply-store.ts";
import type { Disk } from "../../ports/disk.ts";
import type { Log } from "../../ports/log.ts";
import { systemDisk } from "./disk.ts";
import { decodeRecord, encodeRecord } from "./kept-record.ts";

export interface ApplyStoreOptions {
  readonly folder: string;
  readonly log: Log;
  readonly disk?: Disk;
}

export const recordFiles = ["record-0.cbor", "record-1.cbor"] as const;
const partial = ".part";
/** Pieces of a file are synced so often: what a power cut takes is fetched again. */
const syncEveryBytes = 4 * 1024 * 1024;

export async function openApplyStore({
  folder,
  log,
  disk = systemDisk,
}: ApplyStoreOptions): Promise<ApplyStore> {
  const contents = join(folder, "content");
  await disk.makeFolder(contents);
  await disk.syncFolder(folder);
  const records = new Records(folder, disk, log);
  const pathOf = (digest: string): string => join(contents, digest);
  let saving = Promise.resolve();
  return {
    load: () => records.load(),
    save(kept) {
      const saved = saving.then(() => records.save(kept));
      saving = saved.catch(() => undefined);
      return saved;
    },
    has: async (digest) => (await disk.sizeOf(pathOf(digest))) !== undefined,
    async read(digest) {
      const bytes = await disk.read(pathOf(digest));
      if (bytes === undefined) throw missing(digest);
      if (sha256(bytes) !== digest) throw damaged(digest);
      return bytes;
    },
    async check(digest) {
      if ((await disk.sizeOf(pathOf(digest))) === undefined) throw missing(digest);
      if ((await sha256OfFile(disk, pathOf(digest))) === digest) return;
      await disk.remove(pathOf(digest));
      throw damaged(digest);
    },
    pathOf,
    receive: (digest, bytes) => receive({ disk, contents, path: pathOf(digest), digest, bytes }),
    async collect(wanted) {
      const names = await disk.list(contents);
      // What stands beside a file begins with its digest.
      const gone = names.filter((name) => !wanted.has(name.split(".", 1)[0] ?? ""));
      for (const name of gone) await disk.remove(join(contents, name));
      if (gone.length > 0) await disk.syncFolder(contents);
      return gone.length;
    },
  };
}

class Records {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #log: Log;
  #generation = 0;

  constructor(folder: string, disk: Disk, log: Log) {
    this.#folder = folder;
    this.#disk = disk;
    this.#log = log;
  }

  async load(): Promise<Kept> {
    const found: NonNullable<ReturnType<typeof decodeRecord>>[] = [];
    for (const slot of recordFiles) {
      const path = join(this.#folder, slot);
      const bytes = await this.#disk.read(path);
      if (bytes === undefined) continue;
      const record = decodeRecord(bytes);
      if (record !== undefined) found.push(record);
      else await this.#setAside(path);
    }
    const newest = found.toSorted((left, right) => right.generation - left.generation)[0];
    this.#generation = newest?.generation ?? 0;
    return newest?.kept ?? nothingKept;
  }

  /** Over the older of the two, whose name tells which it is. */
  async save(kept: Kept): Promise<void> {
    const generation = this.#generation + 1;
    const path = join(this.#folder, recordFiles[generation % 2 === 0 ? 0 : 1]);
    const draft = `${path}.new`;
    await this.#disk.write(draft, encodeRecord(kept, generation), 0);
    await this.#disk.sync(draft);
    await this.#disk.rename(draft, path);
    await this.#disk.syncFolder(this.#folder);
    this.#generation = generation;
  }

  async #setAside(path: string): Promise<void> {
    const aside = `${path}.broken-${Date.now()}`;
    await this.#disk.rename(path, aside).catch(() => undefined);
    this.#log.error("the record of what this node runs is damaged: the one before it counts", {
      file: aside,
    });
  }
}

interface Receiving {
  readonly disk: Disk;
  readonly contents: string;
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

async function receive({ disk, contents, path, digest, bytes }: Receiving): Promise<Receipt> {
  const part = path + partial;
  // More than there should be is none of ours: from the beginning.
  const there = (await disk.sizeOf(part)) ?? 0;
  let offset = there > bytes ? 0 : there;
  let unsynced = 0;
  return {
    get offset() {
      return offset;
    },
    async add(piece) {
      if (offset + piece.length > bytes) throw damaged(digest);
      await disk.write(part, piece, offset);
      offset += piece.length;
      unsynced += piece.length;
      if (unsynced < syncEveryBytes) return;
      await disk.sync(part);
      unsynced = 0;
    },
    async finish() {
      if (offset === 0) await disk.write(part, new Uint8Array(), 0);
      if ((await sha256OfFile(disk, part)) !== digest) {
        await disk.remove(part);
        throw damaged(digest);
      }
      await disk.sync(part);
      await disk.rename(part, path);
      await disk.syncFolder(contents);
    },
  };
}

const missing = (digest: string): Fault =>
  new Fault("CONTENT_MISSING", `the file ${digest.slice(0, 12)} is not there`);
const damaged = (digest: string): Fault =>
  new Fault("CONTENT_DAMAGED", `the file ${digest.slice(0, 12)} does not have the bytes of its digest`);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function sha256OfFile(disk: Disk, path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of disk.pieces(path)) hash.update(piece);
  return hash.digest("hex");
}
