/** A file that is there whole or not at all, and stays there when the power goes, or a stick is pulled, right after. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Makes its folder if need be, for its owner only. What was there is replaced. */
export function writeWhole(path: string, content: string | Uint8Array, mode: number): void {
  const folder = dirname(path);
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.draft`;
  try {
    const handle = openSync(draft, "w", mode);
    try {
      writeFileSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
  // A folder that is new is an entry of the one that it lies in.
  if (made === undefined) return;
  for (let inner = folder; ; inner = dirname(inner)) {
    syncFolder(dirname(inner));
    if (inner === made || inner === dirname(inner)) return;
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
