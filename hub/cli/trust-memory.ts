/**
 * What was signed lies beside the keys that signed it: with the last is compared what a hub shows later, and all of it, in
 * `signed`, can be brought back to a hub that has lost it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { readRoot, readTargets } from "../signing/documents.ts";
import { commandFault } from "./exit.ts";
import { printable } from "./output.ts";
import { writeWhole } from "./whole-file.ts";

export type Remembered = "root" | "targets";

/** Beside the keys. What is in it is small and comes a few times a year: nothing of it is ever removed. */
const signedFolder = "signed";

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

/**
 * Every document of a kind that lies there, by its version, of which there may be several that differ. Also those of a hub's
 * own backup: `3.root.json` in the folder itself. One that is damaged is told and passed by.
 */
export function signedBefore(
  folders: readonly string[],
  what: Remembered,
): ReadonlyMap<number, readonly Uint8Array[]> {
  const found = new Map<number, readonly Uint8Array[]>();
  for (const path of folders.flatMap((folder) => pathsIn(folder, what))) {
    const bytes = readFileSync(path);
    const version = versionOrTold(path, what, bytes);
    if (version !== undefined) found.set(version, [...(found.get(version) ?? []), bytes]);
  }
  return found;
}

function pathsIn(folder: string, what: Remembered): readonly string[] {
  return [folder, join(folder, signedFolder)].flatMap((place) =>
    existsSync(place)
      ? readdirSync(place)
          .filter((name) => name === `${what}.json` || name.endsWith(`.${what}.json`))
          .map((name) => join(place, name))
      : [],
  );
}

function versionOrTold(path: string, what: Remembered, bytes: Uint8Array): number | undefined {
  try {
    return versionIn(path, what, bytes);
  } catch (error) {
    process.stderr.write(`${printable(messageOf(error))}: it is passed by\n`);
    return undefined;
  }
}

/** As what was signed last, and for ever. */
export function rememberSigned(folders: readonly string[], what: Remembered, bytes: Uint8Array): void {
  rememberForEver(folders, what, bytes);
  remember(
    folders.map((folder) => join(folder, `${what}.json`)),
    bytes,
  );
}

/** What lies there already stays as it is, unless it is damaged. */
export function rememberForEver(folders: readonly string[], what: Remembered, bytes: Uint8Array): void {
  const { version } = (what === "root" ? readRoot(bytes) : readTargets(bytes)).signed;
  const paths = folders.map((folder) => join(folder, signedFolder, `${version}.${what}.json`));
  remember(
    paths.filter((path) => !isWhole(path, what)),
    bytes,
  );
}

function isWhole(path: string, what: Remembered): boolean {
  try {
    return versionIn(path, what, readFileSync(path)) > 0;
  } catch {
    // Missing or damaged, or nothing that could be read later: it is written.
    return false;
  }
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
      writeWhole(path, bytes, 0o600);
    } catch (error) {
      process.stderr.write(
        `${path} could not be written, and is what later signatures are compared with: ${messageOf(error)}\n`,
      );
    }
  }
}
