/** Modules that were published to a hub, as a site can name them. Whoever published them may have written anything. */
import * as z from "zod";
import { builtInNames } from "../bundle/built-in-names.ts";
import type { SiteFilesBody } from "../wire/api-config.ts";
import type { Bundle, ModuleDeclaration, WithdrawnVersion } from "./catalogue.ts";
import { declaredManifest } from "./declared-manifest.ts";

export interface PublishedModule extends Bundle {
  readonly id: string;
  readonly version: string;
  /** As its publisher signed it, with what its settings are like in it as `settings`, a JSON Schema. */
  readonly manifest: unknown;
  /** It was published once: why it is not any more, in words. */
  readonly withdrawn?: string;
}

const manifest = z.object({
  ...declaredManifest.shape,
  settings: z.record(z.string(), z.unknown()).exactOptional(),
});

/** What does not say what its settings are like is given any: it refuses them itself, on its node. Without those that do not say what a site must know, and those that would come under the name of a built-in one. */
export function declarationsOf(published: readonly PublishedModule[]): readonly ModuleDeclaration[] {
  return published.flatMap(({ id, manifest: said, digest, bytes, withdrawn }) => {
    if (builtInNames.has(id) || withdrawn !== undefined) return [];
    const parsed = manifest.safeParse(said);
    if (!parsed.success) return [];
    const { settings = { type: "object" }, ...rest } = parsed.data;
    return [{ manifest: rest, settings, bundle: { digest, bytes } }];
  });
}

export const withdrawnOf = (published: readonly PublishedModule[]): readonly WithdrawnVersion[] =>
  published.flatMap(({ id: module, version, withdrawn: why }) =>
    why === undefined ? [] : [{ module, version, why }],
  );

/** Those whose names stand somewhere in the texts of a site: a hub may know ten thousand, and a site names a few. */
export function namedIn(
  { files }: Pick<SiteFilesBody, "files">,
  published: readonly PublishedModule[],
): readonly PublishedModule[] {
  const words = new Set(Object.values(files).flatMap((text) => text.match(/[a-z0-9_-]+/g) ?? []));
  return published.filter(({ id }) => words.has(id));
}
