/** The folder of a module that is being written. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type ModulePackage, readModulePackage } from "@interactor/shared/bundle/module-block";
import { commandFault } from "./exit.ts";

/** A package.json with more is none: it is written by people. */
const packageBytesMax = 256 * 1024;

export interface ModuleFolder extends ModulePackage {
  readonly folder: string;
}

export async function readModuleFolder(given: string): Promise<ModuleFolder> {
  const folder = resolve(given);
  const path = join(folder, "package.json");
  const read = readModulePackage(parsed(path, await textAt(path)));
  if (!read.ok) throw commandFault("VALIDATION", `${path}: ${read.error.join("; ")}`);
  return { folder, ...read.value };
}

async function textAt(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length <= packageBytesMax) return text;
  } catch (error) {
    throw commandFault("NOT_FOUND", `no module here: ${messageOf(error)}`, error);
  }
  throw commandFault("VALIDATION", `${path} is larger than ${packageBytesMax} bytes`);
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw commandFault("VALIDATION", `${path}: ${messageOf(error)}`, error);
  }
}
