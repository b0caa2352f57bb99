/** The modules that every agent has. The file beside this one is made by test/contract/built-in-modules.test.ts. */
import * as z from "zod";
import { permissionKinds } from "../bundle/manifest.ts";
import { inputSpec, outputSpec } from "../wire/messages/port.ts";
import declarations from "./built-in-modules.json" with { type: "json" };
import type { ModuleDeclaration } from "./catalogue.ts";

const kind = z.enum(permissionKinds);
const permission = z.union([
  z.strictObject({ kind, names: z.array(z.string()) }),
  z.strictObject({
    kind,
    from: z.string(),
    within: z.string().exactOptional(),
    rank: z.string().exactOptional(),
  }),
]);

const declaration = z.strictObject({
  manifest: z.strictObject({
    apiVersion: z.literal(1),
    id: z.string(),
    version: z.string(),
    title: z.string(),
    worker: z.enum(["shared", "own"]),
    inputs: z.record(z.string(), inputSpec),
    outputs: z.record(z.string(), outputSpec),
    inputsFrom: z.union([z.string(), z.array(z.string())]).exactOptional(),
    inputsLike: z.record(z.string(), z.unknown()).exactOptional(),
    outputsFrom: z.string().exactOptional(),
    outputsLike: z.record(z.string(), z.unknown()).exactOptional(),
    fixturesInto: z.string().exactOptional(),
    permissions: z.array(permission).exactOptional(),
  }),
  settings: z.record(z.string(), z.unknown()),
});

export const builtInModules: readonly ModuleDeclaration[] = z.array(declaration).parse(declarations);
