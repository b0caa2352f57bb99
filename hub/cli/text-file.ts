/** Text files of the user's, read as they are and replaced whole. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";

/** Of a path or an open file. Fails when it is no UTF-8: read anyhow, it would come back changed. Throws when it cannot be read. */
export function readText(file: string | number): Result<string, "not-utf-8"> {
  const bytes = readFileSync(file);
  try {
    // A mark at the beginning is part of it.
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return failed("not-utf-8");
  }
}

/** The old text or the new one, whole, whatever happens between; with the rights the file had. */
export function replaceText(path: string, text: string): void {
  // A link goes on to lead where it leads.
  const file = realpathSync(path);
  const draft = `${file}.${process.pid}.draft`;
  try {
    const handle = openSync(draft, "w", statSync(file).mode);
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  const folder = openSync(dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
