/**
 * The `interactor` block of a module's package.json: what its author writes, of which its manifest is made. Name, version
 * and licence stand once, in the package.json itself.
 */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../kernel/result.ts";
import { isName } from "../wire/names.ts";
import { inputSpec, outputSpec } from "../wire/messages/port.ts";
import { shortText } from "../wire/messages/schema.ts";
import { type Manifest, permissionKinds } from "./manifest.ts";
import { moduleLimits } from "../wire/messages/module-limits.ts";
import { requiresMax, signedManifest } from "./signed-module.ts";
import { parseVersionRange } from "./version-range.ts";

/** What is written wrongly is told, and not left out: a misspelt `unit` is no unit. */
const input = z.strictObject(inputSpec.shape);
const output = z.strictObject(outputSpec.shape);

const pointer = z.string().check(z.regex(/^(?:\/[^/]{1,128}){1,16}$/, "not a JSON pointer such as /inputs"));
const kind = z.enum(permissionKinds);
const permission = z.union([
  z.strictObject({ kind, names: z.array(shortText) }),
  z.strictObject({
    kind,
    from: pointer,
    within: z.exactOptional(pointer),
    rank: z.exactOptional(pointer),
    over: z.exactOptional(z.string()),
    rather: z.exactOptional(
      z.array(
        z.strictObject({
          from: pointer,
          plus: z.exactOptional(z.number()),
          parts: z.exactOptional(z.record(pointer, z.number())),
        }),
      ),
    ),
  }),
]);

const portName = z.string().check(z.refine(isName, "not a name: a-z, 0-9, - and _"));

const range = shortText.check(
  z.refine((text) => parseVersionRange(text).ok, 'not a range of versions such as "^1.2"'),
);

const moduleBlock = z.strictObject({
  /** For editors. */
  $schema: z.exactOptional(z.string()),
  /** Default: the name of the package, without its scope. */
  id: z.exactOptional(portName),
  title: shortText,
  worker: z._default(z.enum(["shared", "own"]), "shared"),
  inputs: z._default(z.record(portName, input), {}),
  outputs: z._default(z.record(portName, output), {}),
  inputsFrom: z.exactOptional(z.union([pointer, z.array(pointer)])),
  inputsLike: z.exactOptional(
    z.strictObject({ ...inputSpec.shape, type: z.exactOptional(inputSpec.shape.type) }),
  ),
  outputsFrom: z.exactOptional(pointer),
  outputsLike: z.exactOptional(
    z.strictObject({ ...outputSpec.shape, type: z.exactOptional(outputSpec.shape.type) }),
  ),
  takesSettings: z.exactOptional(z.boolean()),
  alone: z.exactOptional(z.boolean()),
  fixturesInto: z.exactOptional(shortText),
  permissions: z.exactOptional(z.array(permission)),
  /** Modules that have to run on the same node, with a range of versions for each. */
  requires: z.exactOptional(
    z.record(portName, range).check(z.refine((all) => Object.keys(all).length <= requiresMax, "too many")),
  ),
  limits: z.exactOptional(moduleLimits),
  /** The first source of the module. */
  entry: z._default(shortText, "src/module.ts"),
  /** Settings that are right, with which its contract is tested. */
  example: z._default(z.record(z.string(), z.unknown()), {}),
});

const modulePackage = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.exactOptional(z.string()),
  engines: z.exactOptional(z.looseObject({ interactor: z.exactOptional(range) })),
  interactor: moduleBlock,
});

export interface ModulePackage {
  /** With its licence, as a publisher signs it. */
  readonly manifest: Manifest & { readonly license?: string };
  /** Relative to the package. */
  readonly entry: string;
  readonly example: Readonly<Record<string, unknown>>;
  /** The versions of Interactor that it is written for. */
  readonly engines: string | undefined;
}

/** Fails with words for people, a line for each thing that is wrong. */
export function readModulePackage(packageJson: unknown): Result<ModulePackage, readonly string[]> {
  const parsed = modulePackage.safeParse(packageJson);
  if (!parsed.success) {
    return failed(parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`));
  }
  const { name, version, license, engines, interactor } = parsed.data;
  const { $schema: _schema, id, entry, example, ...declared } = interactor;
  const manifest = {
    apiVersion: 1 as const,
    id: id ?? name.replace(/^@[^/]*\//, ""),
    version,
    ...(license !== undefined && { license }),
    ...(engines?.interactor !== undefined && { engines: { interactor: engines.interactor } }),
    ...declared,
  };
  const signable = signedManifest({ manifest });
  return signable.ok
    ? ok({ manifest, entry, example, engines: engines?.interactor })
    : failed([signable.error]);
}

/** For editors: JSON Schema of the block. */
export const moduleBlockJsonSchema = (): object => ({
  ...z.toJSONSchema(moduleBlock, { io: "input", unrepresentable: "any" }),
  title: "The interactor block of a module's package.json",
});
