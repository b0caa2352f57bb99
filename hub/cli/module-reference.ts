/** `interactor module reference`: the SDK's reference, which is made of its docstrings. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "@interactor/shared/kernel/nearest";
import { commandFault } from "./exit.ts";

export function runModuleReference(name: string | undefined): void {
  // The build puts it beside the command.
  const text = readFileSync(join(import.meta.dirname, "sdk-reference.md"), "utf8");
  process.stdout.write(name === undefined ? text : `${partOf(text, name)}\n`);
}

/** All that is said of one thing; of a name that is exported twice, both. */
export function partOf(reference: string, name: string): string {
  const parts = reference.split(/^(?=###? )/m);
  const named = (part: string): string | undefined => /^### `(.+)`/.exec(part)?.[1];
  const found = parts.filter((part) => named(part) === name);
  if (found.length > 0) return found.join("").trimEnd();
  const known = parts.flatMap((part) => named(part) ?? []);
  const hint = nearest(name, known) ?? "interactor module reference says all";
  throw commandFault("NOT_FOUND", `the SDK has no "${name}" (${hint})`);
}
