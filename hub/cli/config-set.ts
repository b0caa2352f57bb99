/** `interactor config set`: one value of a site file, with everything else as it was. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type EditedValue, pathFromText, setInYaml } from "@interactor/shared/site/yaml-edit";
import { commandFault } from "./exit.ts";

export function runSet(
  file: string,
  path: string,
  text: string,
  { json = false }: { readonly json?: boolean },
): void {
  const edited = setInYaml(textOf(file), pathFromText(path), valueOf(text));
  if (!edited.ok) throw commandFault("USAGE", edited.error);
  replaceFile(file, edited.value);
  process.stdout.write(
    `${json ? JSON.stringify({ file, path }) : `set ${path} in ${file}; next: interactor config check ${file}`}\n`,
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw commandFault("NOT_FOUND", `cannot read ${file}: ${messageOf(error)}`, error);
  }
}

/** As YAML has it: a number, true, false, null, or a text. */
function valueOf(text: string): EditedValue {
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The old file or the new one, whole, whatever happens between. */
function replaceFile(file: string, text: string): void {
  const draft = `${file}.draft`;
  try {
    const handle = openSync(draft, "w");
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
    const folder = openSync(dirname(file), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    rmSync(draft, { force: true });
    throw commandFault("FAILED", `${file} cannot be written: ${messageOf(error)}`, error);
  }
}
