/** The files of a site on this machine. */
import { createHash } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { failed, type Result } from "@interactor/shared/kernel/result";
import type { SiteFiles } from "@interactor/shared/site/compile-site";
import { type CompiledSite, siteBytes } from "@interactor/shared/site/compiled-site";
import { yamlBytesMax } from "@interactor/shared/site/yaml-text";
import { dataFolders } from "./data-folders.ts";
import { readText } from "./text-file.ts";

/** What `-` in the place of a file is called. */
const standardInput = "-";

const nameDefault = "site.yaml";

/** The file that is meant when nobody names one: here, else where a demo on this machine has it. */
export function siteFileMeant(given: string | undefined, data: string | undefined): string {
  if (given !== undefined || existsSync(nameDefault)) return given ?? nameDefault;
  const inData = dataFolders(data, process.env).map((folder) => join(folder, nameDefault));
  return inData.find((file) => existsSync(file)) ?? nameDefault;
}

/** Whether there is something to read: a file, a pipe, or what comes in. */
export const isThere = (file: string): boolean => file === standardInput || existsSync(file);

/**
 * `file` and what it includes. The file may be a link or a pipe, as the one who names it has chosen; what it includes
 * is in its folder, and a link that leads out of that is no way out either.
 */
export function siteFiles(file: string): SiteFiles {
  const folder = dirname(file);
  return {
    root: file,
    site: "demo",
    read: (path) =>
      toldWhenUnreadable(path, () => (path === file ? readRoot(file) : readInside(folder, path))),
  };
}

function readRoot(file: string): Result<string, string> {
  return readBounded(file, file === standardInput ? 0 : file);
}

function readInside(folder: string, path: string): Result<string, string> {
  const real = realpathSync(path);
  const isOutside = relative(realpathSync(folder), real).startsWith(`..${sep}`);
  return isOutside
    ? failed(`${path} is a link that leads out of the site's folder`)
    : readBounded(path, real);
}

function readBounded(path: string, source: string | number): Result<string, string> {
  const tooLarge = failed(`${path} is larger than ${yamlBytesMax} bytes`);
  if (typeof source === "string" && statSync(source).size > yamlBytesMax) return tooLarge;
  const text = readText(source);
  // A pipe has no size before it is read.
  if (text.ok && text.value.length > yamlBytesMax) return tooLarge;
  return text.ok ? text : failed(`${path} is no UTF-8 text`);
}

function toldWhenUnreadable(path: string, read: () => Result<string, string>): Result<string, string> {
  try {
    return read();
  } catch (error) {
    return failed(
      isMissing(error) ? `there is no file ${path}` : `${path} cannot be read: ${messageOf(error)}`,
    );
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

/** The first digits serve to compare; all of them are the site's name among revisions. */
export const digestOf = (site: CompiledSite): string =>
  createHash("sha256").update(siteBytes(site)).digest("hex");
