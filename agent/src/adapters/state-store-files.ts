import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { StateStore } from "../ports/state-store.ts";

/** Keeps the state as files of the data folder, each replaced by temp → fsync → rename → fsync of the folder. */
export async function openStateStore(folder: string): Promise<StateStore> {
  await mkdir(folder, { recursive: true });
  const desired = join(folder, "desired.cbor");
  const ledgerMark = join(folder, "ledger-mark.cbor");
  let writing = Promise.resolve();
  const save = (path: string, bytes: Uint8Array) => {
    const next = writing.then(() => replaceFile(folder, path, bytes));
    writing = next.catch(() => undefined);
    return next;
  };
  return {
    loadDesired: () => readIfThere(desired),
    async setDesiredAside() {
      const aside = `${desired}.broken-${Date.now()}`;
      await rename(desired, aside);
      return aside;
    },
    saveDesired: (document) => save(desired, document),
    loadLedgerMark: () => readIfThere(ledgerMark),
    saveLedgerMark: (mark) => save(ledgerMark, mark),
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

async function replaceFile(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  await using file = await open(draft, "w");
  await file.writeFile(bytes);
  await file.sync();
  await rename(draft, path);
  await using directory = await open(folder, "r");
  await directory.sync();
}
