/** Text files of the user's, read as they are and replaced whole. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { writeWhole } from "./whole-file.ts";

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
  writeWhole(file, text, statSync(file).mode);
}
