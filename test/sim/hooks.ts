/**
 * Node's own way to load a module in another form: the spool gets the simulated disk in the place of `node:fs/promises`,
 * the bounds of `limits.ts` can be set for each world, and a mutation gets its one mistake. The product knows nothing of all this.
 */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { withBounds } from "./bounds.ts";
import type { Mutation } from "./mutations.ts";

const simFiles = new URL("sim-files.ts", import.meta.url).href;
const ofSpool = "/agent/src/adapters/spool-segments/";

/** To be called before anything of the product is loaded. Returns whether the mutation has found its place. */
export function installHooks(mutation: Mutation | undefined): { readonly isMutated: () => boolean } {
  let isMutated = false;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === "node:fs/promises" && context.parentURL?.includes(ofSpool) === true)
        return { url: simFiles, shortCircuit: true };
      return nextResolve(specifier, context);
    },
    load(url, context, nextLoad) {
      const given = nextLoad(url, context);
      const isOfLimits = url.endsWith("/shared/src/wire/limits.ts");
      const loaded = isOfLimits ? { ...given, source: withBounds(sourceOf(given.source)) } : given;
      if (mutation === undefined || !url.startsWith("file:") || !fileURLToPath(url).endsWith(mutation.file))
        return loaded;
      const source = sourceOf(loaded.source);
      const places = source.split(mutation.replace).length - 1;
      if (places !== 1)
        throw new Error(`${mutation.name}: ${places} places in ${mutation.file} instead of one`);
      isMutated = true;
      return { ...loaded, source: source.replace(mutation.replace, () => mutation.by) };
    },
  });
  return { isMutated: () => isMutated };
}

function sourceOf(source: unknown): string {
  if (typeof source === "string") return source;
  if (source instanceof Uint8Array) return new TextDecoder().decode(source);
  throw new TypeError("a module has a source");
}
