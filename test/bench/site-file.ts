/** A large site from text to plans: CPU time and wall time, of the whole and of its parts. */
import { setImmediate as turn } from "node:timers/promises";
import { ok } from "@interactor/shared/kernel/result";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import { type CompiledSite, siteBytes } from "@interactor/shared/site/compiled-site";
import { siteChanges } from "@interactor/shared/site/site-diff";
import { YamlText } from "@interactor/shared/site/yaml-text";
import { largeSite } from "@interactor/shared/testing/large-site";
import { type Bench, type BenchContext, Samples } from "./bench.ts";

const runs = 5;
const nodes = 200;
const routes = 5000;

export const siteFile: Bench = {
  name: "site-file",
  about: `${routes} routes over ${nodes} nodes: read, checked, placed, compared`,
  run,
};

const catalogue = new DeclaredModules(builtInModules);

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(siteFile.name);
  const text = largeSite({ nodes, routes });
  const site = compiled(text);
  const shorter = compiled(largeSite({ nodes, routes: routes - 1 }));
  const steps = {
    compile: () => compiled(text),
    "of which YAML": () => new YamlText(text).value,
    "bytes for the digest": () => siteBytes(site),
    "changes by one route": () => siteChanges(site, shorter).length === 1 || undefined,
  };
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}`);
    for (const [name, step] of Object.entries(steps)) {
      const { worked, passed } = costOf(step);
      samples.add("interactor", `${name}, work`, "ms", worked);
      samples.add("interactor", `${name}, wall`, "ms", passed);
      await turn(undefined, { signal });
    }
  }
  return samples.rows();
}

function compiled(text: string): CompiledSite {
  const site = compileSite({ root: "site.yaml", site: "bench", read: () => ok(text) }, catalogue);
  if (!site.ok) throw new Error(`the site is not right: ${site.error.problems[0]?.message}`);
  return site.value;
}

/** In ms; work with what the process's other threads did for it. */
function costOf(step: () => unknown): { readonly worked: number; readonly passed: number } {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  if (step() === undefined) throw new Error("the step gave nothing");
  const { user, system } = process.cpuUsage(before);
  return { worked: (user + system) / 1000, passed: performance.now() - startedAt };
}
