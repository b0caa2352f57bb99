/** The agent's data folder: one process at a time, and the unit's id that stays with it. */
import { createHash, randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";

export interface DataFolder extends Disposable {
  /** Stays the same over restarts: tells this unit from another of the same node name. */
  readonly unit: string;
}

/**
 * Opens and locks the folder. The lock is SQLite's own on a file of its own: the kernel lets it go when the
 * process ends, however it ends. Throws a Fault with words for the installer.
 */
export function openDataFolder(folder: string, serialFile = boardSerial): DataFolder {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Fault("DATA_UNWRITABLE", `cannot write to the data folder ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const lock = takeLock(folder);
  return { unit: `${unitOf(folder)}${markOf(serialFile)}`, [Symbol.dispose]: () => lock.close() };
}

/** Where a Pi says which one it is, whatever card is in it. */
const boardSerial = "/proc/device-tree/serial-number";

/** Tells a card that was cloned into another board from the one it is a copy of. Boards without a number have none. */
function markOf(serialFile: string): string {
  try {
    const serial = readFileSync(serialFile, "latin1").replaceAll(/[^\w]/g, "");
    return serial === "" ? "" : `.${createHash("sha256").update(serial).digest("hex").slice(0, 8)}`;
  } catch {
    return "";
  }
}

function unitOf(folder: string): string {
  const path = join(folder, "unit");
  try {
    const unit = readFileSync(path, "utf8").trim();
    if (/^[\w.-]{1,100}$/.test(unit)) return unit;
  } catch {
    // The first start: it is made below.
  }
  const unit = `${hostname()
    .replaceAll(/[^\w.-]/g, "-")
    .slice(0, 64)}-${randomBytes(4).toString("hex")}`;
  writeFileSync(path, `${unit}\n`);
  return unit;
}

/** Makes the folder and those above it. Node's own `recursive` never ends where nothing can be made, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** SQLite's code for a lock that somebody else holds. */
const sqliteBusy = 5;

function takeLock(folder: string): DatabaseSync {
  const path = join(folder, "lock");
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path);
    // Nothing is ever written, so that a full disk does not keep us from starting.
    lock.exec("PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy;
    const words = isBusy
      ? `the data folder ${folder} is used by another agent: stop it or give another --data`
      : `cannot lock ${path}: ${messageOf(error)}; remove it or give another --data`;
    throw new Fault(isBusy ? "DATA_IN_USE" : "DATA_UNLOCKABLE", words, { cause: error });
  }
}
