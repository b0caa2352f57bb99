/** `interactor config diff`: what changes from one site to another, each a site file or the number of a revision. */
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { Fault } from "@interactor/shared/kernel/fault";
import { failed, ok } from "@interactor/shared/kernel/result";
import { siteChanges } from "@interactor/shared/site/site-diff";
import type { RevisionResponse } from "@interactor/shared/wire/api-config";
import { checkedSite } from "./config-check.ts";
import { fetchDiff, fetchRevision } from "./config-client.ts";
import { commandFault, exitCode } from "./exit.ts";
import { findHub, type HubOptions } from "./hub-client.ts";
import { painterFor } from "./output.ts";
import { paintedChanges } from "./plan-lines.ts";

export interface DiffOptions extends HubOptions {
  readonly json?: boolean;
  readonly exitCode?: boolean;
  readonly color: boolean;
}

type Changes = Parameters<typeof paintedChanges>[0];

export async function runDiff(before: string, after: string, options: DiffOptions): Promise<void> {
  const { json = false, color } = options;
  const changes = await changesOf(before, after, options);
  const painter = painterFor(process.stdout, color, process.env);
  const lines = changes.length === 0 ? ["nothing changes"] : paintedChanges(changes, painter);
  process.stdout.write(`${json ? JSON.stringify({ changes }) : lines.join("\n")}\n`);
  // As with other programs that compare: 1 says that there is a difference.
  if (options.exitCode === true && changes.length > 0) process.exitCode = exitCode.failed;
}

async function changesOf(before: string, after: string, options: DiffOptions): Promise<Changes> {
  const [old, fresh] = [numberIn(before), numberIn(after)];
  // Between two revisions the hub tells, also of those that were made of routes.yaml.
  if (old !== undefined && fresh !== undefined)
    return (await fetchDiff(await findHub(options, process.env), old, fresh)).changes;
  try {
    return siteChanges(await siteOf(before, options), await siteOf(after, options));
  } catch (error) {
    const isOfModules = error instanceof Fault && (error.code === "VALIDATION" || error.code === "FAILED");
    if (isOfModules) process.stderr.write(onlyBuiltIn);
    throw error;
  }
}

/** A file is read here, and by nobody who knows what was published. */
const onlyBuiltIn =
  "files are compared here, where only built-in modules are known: with published ones, `interactor config plan FILE` " +
  "compares a file with what runs, and `interactor config diff 3 4` two revisions\n";

/** A revision's number; a file of that name is `./3`. */
const numberIn = (text: string): number | undefined =>
  /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;

async function siteOf(text: string, options: DiffOptions): Promise<CompiledSite> {
  const number = numberIn(text);
  if (number === undefined) return checkedSite(text, options);
  return siteOfRevision(await fetchRevision(await findHub(options, process.env), number));
}

/** What its files mean. A Fault: it has none, or this version reads them otherwise. */
export function siteOfRevision({ revision, root, files }: RevisionResponse): CompiledSite {
  const name = `revision ${revision.number}`;
  if (Object.keys(files).length === 0)
    throw commandFault("FAILED", `${name} was made of routes.yaml: it has no site file to compare with`);
  const text = (path: string) => files[path];
  const read = (path: string) => {
    const found = Object.hasOwn(files, path) ? text(path) : undefined;
    return found === undefined ? failed(`there is no file ${path}`) : ok(found);
  };
  const compiled = compileSite({ root, site: "demo", read }, new DeclaredModules(builtInModules));
  if (compiled.ok) return compiled.value;
  const words = compiled.error.problems[0]?.message ?? "";
  throw commandFault("FAILED", `${name} is not right for the modules that this command knows: ${words}`);
}
