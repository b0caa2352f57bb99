/** `interactor config set`: one value of a site file, with everything else as it was. */
import { messageOf } from "@interactor/shared/kernel/fault";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { siteJsonSchema } from "@interactor/shared/site/site-json-schema";
import { type EditedValue, pathFromText, setInYaml } from "@interactor/shared/site/yaml-edit";
import { commandFault } from "./exit.ts";
import { printable } from "./output.ts";
import { readText, replaceText } from "./text-file.ts";

export function runSet(
  file: string,
  path: string,
  text: string,
  { json = false }: { readonly json?: boolean },
): void {
  const schema = siteJsonSchema(builtInModules);
  const edited = setInYaml(textOf(file), pathFromText(path), valueOf(text), schema);
  if (!edited.ok) throw commandFault("USAGE", edited.error);
  try {
    replaceText(file, edited.value.text);
  } catch (error) {
    throw commandFault("FAILED", `${file} cannot be written: ${messageOf(error)}`, error);
  }
  const { isNew } = edited.value;
  const words = `${isNew ? `added ${path} to` : `set ${path} in`} ${file}; next: interactor config check ${file}`;
  process.stdout.write(`${json ? JSON.stringify({ file, path, isNew }) : words}\n`);
}

function textOf(file: string): string {
  try {
    const text = readText(file);
    if (text.ok) return text.value;
  } catch (error) {
    throw commandFault("NOT_FOUND", `cannot read ${file}: ${messageOf(error)}`, error);
  }
  throw commandFault("VALIDATION", `${file} is no UTF-8 text: save it as that, and run this again`);
}

/** As YAML has it: a number, true, false, null, or a text; as JSON: a list, a map, or a text in quotation marks. */
export function valueOf(text: string): EditedValue {
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text);
  return /^[[{"]/.test(text) ? fromJson(text) : text;
}

function fromJson(text: string): EditedValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    const hint = `a text that begins with ${text.slice(0, 1)} is written as JSON too: '${JSON.stringify(text)}'`;
    throw commandFault("USAGE", printable(`${text} is no JSON (${messageOf(error)}); ${hint}`), error);
  }
}
