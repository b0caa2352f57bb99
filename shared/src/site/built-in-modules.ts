/** The modules that every agent has. The file beside this one is made by test/contract/built-in-modules.test.ts. */
import * as z from "zod";
import declarations from "./built-in-modules.json" with { type: "json" };
import type { ModuleDeclaration } from "./catalogue.ts";
import { declaredManifest } from "./declared-manifest.ts";

const declaration = z.strictObject({
  manifest: declaredManifest,
  settings: z.record(z.string(), z.unknown()),
});

export const builtInModules: readonly ModuleDeclaration[] = z.array(declaration).parse(declarations);
