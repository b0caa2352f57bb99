/** The hub's data folder: one process at a time. */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";

/**
 * Opens and locks the folder. The lock is SQLite's own on a file of its own: the kernel lets it go when the
 * process ends, however it ends. Throws a Fault with words for the installer.
 */
export function openDataFolder(folder: string): Disposable {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Fault("DATA_UNWRITABLE", `cannot write to the data folder ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const lock = takeLock(folder);
  return { [Symbol.dispose]: () => lock.close() };
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
      ? `the data folder ${folder} is used by another hub: stop it or give another --data`
      : `cannot lock ${path}: ${messageOf(error)}; remove it or give another --data`;
    throw new Fault(isBusy ? "DATA_IN_USE" : "DATA_UNLOCKABLE", words, { cause: error });
  }
}
