/** Compiles where it is called: in the worker of `site-compiler.ts`, and in tests. */
import { createHash } from "node:crypto";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { declarationsOf, withdrawnOf } from "@interactor/shared/site/published-modules";
import {
  compareKept,
  compileFresh,
  openKept,
  routesAlone,
  type SiteTools,
  textsOf,
} from "@interactor/shared/site/site-in-hand";
import type { SiteCompiler } from "../../ports/site-compiler.ts";

/** `interactor`: which version of it this is, for modules that say which they are for. */
export function compilerHere(site: string, interactor?: string): SiteCompiler {
  const tools: SiteTools = {
    catalogue: new DeclaredModules(builtInModules),
    digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
  };
  return {
    compile: async (files, modules = []) => {
      const catalogue = new DeclaredModules(
        [...builtInModules, ...declarationsOf(modules)],
        interactor,
        withdrawnOf(modules),
      );
      return compileFresh({ ...files, site }, { ...tools, catalogue });
    },
    routesAlone: async (routes) => routesAlone(routes, site, tools),
    open: async (content) => openKept(content, tools),
    textsOf: async (content) => textsOf(content),
    compare: async (before, after) => compareKept(before, after, tools),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
