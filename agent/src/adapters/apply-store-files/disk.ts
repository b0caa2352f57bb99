/** The few things that are done to files here, each of which a power cut can fall behind. */
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";

export interface Disk {
  makeFolder(path: string): Promise<void>;
  /** Writes at a place; makes the file if need be. Not safe from a power cut until it is synced. */
  write(path: string, bytes: Uint8Array, at: number): Promise<void>;
  sync(path: string): Promise<void>;
  /** Names appear, change and go for good only with this. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  read(path: string): Promise<Uint8Array | undefined>;
  pieces(path: string): AsyncIterable<Uint8Array>;
  sizeOf(path: string): Promise<number | undefined>;
  list(folder: string): Promise<readonly string[]>;
}

export const systemDisk: Disk = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async write(path, bytes, at) {
    await using file = await open(path, at === 0 ? "w" : "r+");
    let written = 0;
    // A nearly full disk takes part of it.
    while (written < bytes.length) {
      const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
      written += bytesWritten;
    }
  },
  async sync(path) {
    await using file = await open(path, "r+");
    await file.sync();
  },
  async syncFolder(path) {
    await using folder = await open(path, "r");
    await folder.sync();
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  read: (path) => readFile(path).catch(unlessMissing),
  pieces: (path) => createReadStream(path),
  async sizeOf(path) {
    return (await stat(path).catch(unlessMissing))?.size;
  },
  list: (folder) => readdir(folder),
};

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
