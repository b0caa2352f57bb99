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
/** For editors, and for `interactor module schema`; README.md has an example of each. */
const told = <Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema =>
  schema.check(z.describe(description));

const permission = z.union([
  z.strictObject({
    kind,
    names: told(
      z.array(shortText),
      'Always the same ones, which a site has to grant: "10.0.0.7:9000", or "*" for all of the kind.',
    ),
  }),
  z.strictObject({
    kind,
    from: told(
      pointer,
      "Where the settings name it: a JSON pointer to a name, a number or a list; * is each of a map. Who writes it there allows it.",
    ),
    within: z.exactOptional(
      told(
        pointer,
        "Where the settings have the addresses it goes to: the same name at two addresses is two things.",
      ),
    ),
    rank: z.exactOptional(
      told(
        pointer,
        "Where the settings say which of two that have the same goes first, so that they do not collide.",
      ),
    ),
    over: z.exactOptional(
      told(z.string(), 'The protocol, such as "sacn": the same name over another one is something else.'),
    ),
    rather: z.exactOptional(
      told(
        z.array(
          z.strictObject({
            from: told(pointer, "Where the number stands."),
            plus: z.exactOptional(told(z.number(), "Added to it.")),
            parts: z.exactOptional(
              told(
                z.record(pointer, z.number()),
                "Other numbers of the settings, each times its factor, added too.",
              ),
            ),
          }),
        ),
        "Where the settings have another name for it: the first of these numbers that is there stands for what `from` names.",
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
  worker: told(
    z._default(z.enum(["shared", "own"]), "shared"),
    "Of modules of the agent alone: whether a thread is its own. What others have written has a process of its own.",
  ),
  inputs: z._default(z.record(portName, input), {}),
  outputs: z._default(z.record(portName, output), {}),
  inputsFrom: z.exactOptional(
    told(
      z.union([pointer, z.array(pointer)]),
      "Where the settings have more inputs: a map of name to input.",
    ),
  ),
  inputsLike: z.exactOptional(
    z.strictObject({ ...inputSpec.shape, type: z.exactOptional(inputSpec.shape.type) }),
  ),
  outputsFrom: z.exactOptional(
    told(pointer, "Where the settings have more outputs: a map of name to output."),
  ),
  outputsLike: z.exactOptional(
    z.strictObject({ ...outputSpec.shape, type: z.exactOptional(outputSpec.shape.type) }),
  ),
  takesSettings: z.exactOptional(
    told(
      z.boolean(),
      "It takes other settings while it runs, and its ports stay as they are: it is not restarted.",
    ),
  ),
  alone: z.exactOptional(
    told(
      z.boolean(),
      "No two versions of it run side by side, not even while one takes over from the other.",
    ),
  ),
  fixturesInto: z.exactOptional(
    told(shortText, "The setting, a map of inputs, that lighting fixtures in the setting `fixtures` become."),
  ),
  permissions: z.exactOptional(
    told(z.array(permission), "What it needs of the world; what does not stand here it does not get."),
  ),
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
