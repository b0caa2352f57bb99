// A disk that writes down what is done to it, and what of it is left when the power goes in between. Nothing is there for
// good but what was synced: bytes with their file, names with their folder. How much of the rest is there nobody knows,
// so several answers are tried.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import type { Disk } from "@interactor/agent/src/ports/disk.ts";

type Operation =
  | { readonly kind: "write"; readonly path: string; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: "sync" | "sync-folder" | "remove"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string };

export const remains = [
  "only what was synced",
  "names without their bytes",
  "half of the bytes",
  "everything",
] as const;
export type Remains = (typeof remains)[number];

interface File {
  bytes: Buffer;
  synced: Buffer;
}

export class RecordedDisk {
  readonly operations: Operation[] = [];
  readonly disk: Disk;
  readonly #folder: string;
  readonly #before: ReadonlyMap<string, Buffer>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#before = filesIn(folder);
    const note = (operation: Operation) => void this.operations.push(operation);
    this.disk = {
      ...systemDisk,
      async write(path, bytes, at) {
        note({ kind: "write", path, bytes: Uint8Array.from(bytes), at });
        await systemDisk.write(path, bytes, at);
      },
      async sync(path) {
        await systemDisk.sync(path);
        note({ kind: "sync", path });
      },
      async syncFolder(path) {
        await systemDisk.syncFolder(path);
        note({ kind: "sync-folder", path });
      },
      async rename(path, to) {
        note({ kind: "rename", path, to });
        await systemDisk.rename(path, to);
      },
      async remove(path) {
        note({ kind: "remove", path });
        await systemDisk.remove(path);
      },
    };
  }

  /** Makes a folder as it is found when the power went after so many operations. */
  cutAfter(count: number, left: Remains, folder: string): void {
    const now = new Map<string, File>();
    for (const [path, bytes] of this.#before) now.set(path, { bytes, synced: bytes });
    const synced = new Map(now);
    for (const operation of this.operations.slice(0, count)) replay(operation, now, synced);

    for (const [path, file] of left === "only what was synced" ? synced : now) {
      const place = join(folder, relative(this.#folder, path));
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, bytesLeft(file, left));
    }
    mkdirSync(join(folder, "content"), { recursive: true });
  }
}

function replay(operation: Operation, now: Map<string, File>, synced: Map<string, File>): void {
  const { path } = operation;
  const file = now.get(path);
  switch (operation.kind) {
    case "write": {
      const written = file ?? { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) };
      const { at, bytes } = operation;
      written.bytes = Buffer.concat([written.bytes.subarray(0, at), bytes]);
      now.set(path, written);
      return;
    }
    case "sync":
      if (file !== undefined) file.synced = file.bytes;
      return;
    case "remove":
      now.delete(path);
      return;
    case "rename":
      if (file === undefined) return;
      now.delete(path);
      now.set(operation.to, file);
      return;
    case "sync-folder":
      for (const each of synced.keys()) if (dirname(each) === path) synced.delete(each);
      for (const [each, there] of now) if (dirname(each) === path) synced.set(each, there);
      return;
  }
}

function bytesLeft({ bytes, synced }: File, left: Remains): Buffer {
  if (left === "everything") return bytes;
  if (left !== "half of the bytes" || synced === bytes) return synced;
  return bytes.subarray(0, Math.ceil(bytes.length / 2));
}

function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return new Map(paths.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path)]));
}
