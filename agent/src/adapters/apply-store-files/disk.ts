import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";
import type { Disk } from "../../ports/disk.ts";

/** The file system of this machine. */
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
