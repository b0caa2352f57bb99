/** `interactor config init`: an example of a site file to begin with. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { siteExample } from "@interactor/shared/site/site-example";
import { commandFault } from "./exit.ts";

export function runInit(file: string, { json = false }: { readonly json?: boolean }): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Fails when there is one, also when somebody writes it at the same time.
    writeFileSync(file, siteExample, { flag: "wx" });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    const words = isThere
      ? `${file} is there already; name another file`
      : `${file} cannot be written: ${messageOf(error)}`;
    throw commandFault("FAILED", words, error);
  }
  const words = `wrote ${file}; next: interactor config check ${file}`;
  process.stdout.write(`${json ? JSON.stringify({ file }) : words}\n`);
}
