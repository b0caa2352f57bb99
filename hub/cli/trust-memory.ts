/** What was signed last lies beside the keys that signed it: with it is compared what a hub shows later. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { readRoot, readTargets } from "../signing/documents.ts";
import { commandFault } from "./exit.ts";

export type Remembered = "root" | "targets";

/** The newest of these folders; `undefined`: none has one. Throws when one of them is damaged. */
export function remembered(folders: readonly string[], what: Remembered): Uint8Array | undefined {
  const found = folders
    .map((folder) => join(folder, `${what}.json`))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, bytes: readFileSync(path) }))
    .map(({ path, bytes }) => ({ bytes, version: versionIn(path, what, bytes) }))
    .toSorted((left, right) => right.version - left.version);
  return found[0]?.bytes;
}

function versionIn(path: string, what: Remembered, bytes: Uint8Array): number {
  try {
    return (what === "root" ? readRoot(bytes) : readTargets(bytes)).signed.version;
  } catch (error) {
    throw commandFault("FAILED", `${path}: ${messageOf(error)}`, error);
  }
}

/** On a disk that refuses, what was signed is in force all the same: it is told, and shown as a difference later. */
export function remember(paths: readonly string[], bytes: Uint8Array): void {
  for (const path of new Set(paths)) {
    try {
      writeAnew(path, bytes);
    } catch (error) {
      process.stderr.write(
        `${path} could not be written, and is what later signatures are compared with: ${messageOf(error)}\n`,
      );
    }
  }
}

function writeAnew(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, bytes, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
