/** `interactor config check`: everything that is wrong with a site file. */
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite, type SiteFailure } from "@interactor/shared/site/compile-site";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { problemReport } from "@interactor/shared/site/site-problem";
import { commandFault } from "./exit.ts";
import { painterFor, type Painter, printable } from "./output.ts";
import { digestOf, isThere, siteFiles } from "./site-files.ts";

export interface CheckOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

export function runCheck(file: string, options: CheckOptions): void {
  const site = checkedSite(file, options);
  const found = { ok: true, site: site.site, digest: digestOf(site), problems: [], more: 0 };
  process.stdout.write(`${options.json === true ? JSON.stringify(found) : summaryOf(file, site)}\n`);
}

/** As a hub would have it: what was published to it is there, and what it runs with is known. */
export async function runCheckAt(hub: string, file: string, options: CheckOptions): Promise<void> {
  const { fetchPlan } = await import("./config-client.ts");
  const { findHub } = await import("./hub-client.ts");
  const { filesOf, refused } = await import("./site-payload.ts");
  const address = await findHub({ hub }, process.env);
  const judged = await fetchPlan(address, filesOf(file));
  if (judged.kind === "wrong") refused(file, judged.failure, options);
  else {
    const { site } = judged.answer;
    const found = { ok: true, site, problems: [], more: 0 };
    const words = `${file} is right: site ${site}, with the modules of its hub`;
    process.stdout.write(`${options.json === true ? JSON.stringify(found) : words}\n`);
  }
}

/** The site; a fault, once everything that is wrong with it has been told. */
export function checkedSite(file: string, { json = false, color }: CheckOptions): CompiledSite {
  if (!isThere(file)) {
    const message = `there is no file ${file}`;
    if (json)
      process.stdout.write(`${JSON.stringify({ ok: false, problems: [{ file, message }], more: 0 })}\n`);
    throw commandFault("NOT_FOUND", message);
  }
  const compiled = compileSite(siteFiles(file), new DeclaredModules(builtInModules));
  return compiled.ok ? compiled.value : reportProblems(file, compiled.error, { json, color });
}

/** Tells everything that is wrong, and throws. */
export function reportProblems(
  file: string,
  failure: SiteFailure,
  { json = false, color }: CheckOptions,
): never {
  const { problems, more } = failure;
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, problems, more })}\n`);
  else process.stderr.write(reportOf(failure, painterFor(process.stderr, color, process.env)));
  throw commandFault("VALIDATION", `${counted(problems.length + more, "problem")} in ${file}`);
}

function reportOf(failure: SiteFailure, painter: Painter): string {
  const paragraphs = failure.problems.map((problem) => {
    const [where = "", ...rest] = problemReport(problem, failure.lineOf).map(printable);
    return [painter.bad(where), ...rest, ""].join("\n");
  });
  const more = failure.more === 0 ? "" : `and ${failure.more} more, which are not told\n`;
  return `${paragraphs.join("\n")}${more}\n`;
}

function summaryOf(file: string, site: CompiledSite): string {
  const nodes = Object.values(site.nodes);
  const instances = nodes.reduce((sum, node) => sum + Object.keys(node.instances).length, 0);
  const onNodes = nodes.reduce((sum, node) => sum + Object.keys(node.routes).length, 0);
  const onHub = Object.keys(site.hub.routes).length;
  const counts = [
    counted(nodes.length, "node"),
    counted(instances, "instance"),
    counted(onNodes + onHub, "route"),
  ];
  return `${file} is right: site ${site.site}, ${counts.join(", ")} (${onNodes} on nodes, ${onHub} on the hub)`;
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
