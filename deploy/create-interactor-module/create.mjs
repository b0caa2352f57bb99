#!/usr/bin/env node
// `npm create interactor-module NAME`: hands over to `interactor module create NAME`. The SDK and the templates are those
// of an Interactor on this machine, so this has no code of its own that could fall behind it, and runs on any Node.

import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const commands = [inOwnClone(), ...inFoldersAround(), ...inPath()];
const command = commands.find((file) => file !== undefined && existsSync(file));

if (command === undefined) {
  process.stderr.write(
    "create-interactor-module: there is no `interactor` command here. Clone Interactor, run `npm start` in it once, and\n" +
      "put its node_modules/.bin into PATH; or run `npx interactor module create` in the clone.\n",
  );
  process.exitCode = 3;
} else {
  const words = ["module", "create", ...process.argv.slice(2)];
  const { status, signal, error } = spawnSync(command, words, { stdio: "inherit" });
  if (error !== undefined) process.stderr.write(`create-interactor-module: ${command}: ${error.message}\n`);
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = status ?? 1;
}

/** In a clone we lie two folders below it. */
function inOwnClone() {
  const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
  return join(here, "..", "..", "hub", "cli", "interactor.mjs");
}

function inFoldersAround() {
  const found = [];
  for (let folder = resolve(); ; folder = dirname(folder)) {
    found.push(join(folder, "node_modules", ".bin", "interactor"));
    if (dirname(folder) === folder) return found;
  }
}

function inPath() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, "interactor"));
}
