/** The files of a site as they are given to the hub, and what the hub says is wrong with them. */
import { basename, dirname, join, relative } from "node:path";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import type { InvalidResponse, SiteFilesBody } from "@interactor/shared/wire/api-config";
import { reportProblems } from "./config-check.ts";
import { commandFault } from "./exit.ts";
import { isThere, siteFiles } from "./site-files.ts";

/** What comes in has no name of its own. */
const nameOfInput = "site.yaml";

export interface PrintedProblems {
  readonly json?: boolean;
  readonly color: boolean;
}

/**
 * The texts of a site's files. Names are relative to the folder of the first one, so that a revision does not tell
 * where somebody has it. What cannot be read is left out: the hub then says which file is missing, and where it is named.
 */
export function filesOf(file: string): SiteFilesBody {
  if (!isThere(file)) throw commandFault("NOT_FOUND", `there is no file ${file}`);
  const folder = dirname(file);
  const nameOf = (path: string): string =>
    path === "-" ? nameOfInput : path === file ? basename(file) : relative(folder, path);
  const { read, ...rest } = siteFiles(file);
  const files: Record<string, string> = {};
  const reading = (path: string) => {
    const text = read(path);
    if (text.ok) files[nameOf(path)] = text.value;
    return text;
  };
  // Which files there are is known by whoever follows what they include.
  const compiled = compileSite({ ...rest, read: reading }, new DeclaredModules(builtInModules));
  if (Object.keys(files).length > 0) return { root: nameOf(file), files };
  const words = compiled.ok ? `${file} cannot be read` : compiled.error.problems[0]?.message;
  throw commandFault("FAILED", words ?? `${file} cannot be read`);
}

/** Tells everything that is wrong as `config check` does, and throws the same Fault. */
export function refused(file: string, { problems, more }: InvalidResponse, options: PrintedProblems): never {
  const folder = dirname(file);
  const sources = new Map(problems.map(({ file: name, line, source }) => [`${name}:${line}`, source ?? ""]));
  const pathOf = (name: string): string =>
    file === "-" ? (name === nameOfInput ? "-" : name) : name === basename(file) ? file : join(folder, name);
  const here = problems.map(({ source: _source, hint, ...problem }) => ({
    ...problem,
    file: pathOf(problem.file),
    ...(hint === undefined ? {} : { hint }),
  }));
  const names = new Map(problems.map(({ file: name }) => [pathOf(name), name]));
  const lineOf = (path: string, line: number): string => sources.get(`${names.get(path)}:${line}`) ?? "";
  return reportProblems(file, { problems: here, more, lineOf }, options);
}
