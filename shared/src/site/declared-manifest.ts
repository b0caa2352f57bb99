/** A manifest as a document: what it must have so that a site can name its module. */
import * as z from "zod";
import { permissionKinds } from "../bundle/manifest.ts";
import { requiresMax } from "../bundle/signed-module.ts";
import { parseVersionRange } from "../bundle/version-range.ts";
import { type ModuleLimits, moduleLimits } from "../wire/messages/module-limits.ts";
import { inputSpec, outputSpec } from "../wire/messages/port.ts";
import { portsMax } from "../wire/limits.ts";
import { isName } from "../wire/names.ts";
import { versionRangeLengthMax } from "./limits.ts";

const kind = z.enum(permissionKinds);
const permission = z.union([
  z.strictObject({ kind, names: z.array(z.string()) }),
  z.strictObject({
    kind,
    from: z.string(),
    within: z.string().exactOptional(),
    rank: z.string().exactOptional(),
    over: z.string().exactOptional(),
    rather: z
      .array(
        z.strictObject({
          from: z.string(),
          plus: z.number().exactOptional(),
          parts: z.record(z.string(), z.number()).exactOptional(),
        }),
      )
      .exactOptional(),
  }),
]);

const range = z
  .string()
  .max(versionRangeLengthMax)
  .refine((text) => parseVersionRange(text).ok, "not a range of versions");

const name = z.string().refine(isName, "not a name (a-z, 0-9, - and _)");
const few = (ports: object): boolean => Object.keys(ports).length <= portsMax;

export const declaredManifest = z.strictObject({
  apiVersion: z.literal(1),
  id: name,
  version: z.string(),
  title: z.string(),
  worker: z.enum(["shared", "own"]),
  takesSettings: z.boolean().exactOptional(),
  alone: z.boolean().exactOptional(),
  inputs: z.record(name, inputSpec).refine(few, "too many"),
  outputs: z.record(name, outputSpec).refine(few, "too many"),
  inputsFrom: z.union([z.string(), z.array(z.string())]).exactOptional(),
  inputsLike: z.record(z.string(), z.unknown()).exactOptional(),
  outputsFrom: z.string().exactOptional(),
  outputsLike: z.record(z.string(), z.unknown()).exactOptional(),
  fixturesInto: z.string().exactOptional(),
  permissions: z.array(permission).exactOptional(),
  requires: z
    .record(name, range)
    .refine((all) => Object.keys(all).length <= requiresMax, "too many")
    .exactOptional(),
  engines: z.object({ interactor: range }).exactOptional(),
  limits: z.custom<ModuleLimits>((given) => moduleLimits.safeParse(given).success).exactOptional(),
});
