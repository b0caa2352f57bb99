/** The files of a site on this machine. */
import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { failed, type Result } from "@interactor/shared/kernel/result";
import type { SiteFiles } from "@interactor/shared/site/compile-site";
import { type CompiledSite, siteBytes } from "@interactor/shared/site/compiled-site";
import { yamlBytesMax } from "@interactor/shared/site/yaml-text";
import { readText } from "./text-file.ts";

/** `file` and what it includes. A link that leads out of its folder is no way out either. */
export function siteFiles(file: string): SiteFiles {
  const folder = dirname(file);
  return { root: file, site: "demo", read: (path) => read(folder, path) };
}

function read(folder: string, path: string): Result<string, string> {
  try {
    const real = realpathSync(path);
    const isOutside = relative(realpathSync(folder), real).startsWith(`..${sep}`);
    if (isOutside) return failed(`${path} is a link that leads out of the site's folder`);
    const { size } = statSync(real);
    if (size > yamlBytesMax) return failed(`${path} is larger than ${yamlBytesMax} bytes`);
    const text = readText(real);
    return text.ok ? text : failed(`${path} is no UTF-8 text`);
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
