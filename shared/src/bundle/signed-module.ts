/** What a publisher says of a bundle in the document that he signs: the hub and a node know it without running any code. */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../kernel/result.ts";
import { isName } from "../wire/names.ts";
import { permissionKinds } from "./manifest.ts";

/** Semver 2.0, as far as it may stand in a path. */
const versionPattern = /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,64})?$/;

const name = z.string().check(z.refine(isName, "not a name"));

/** Modules that one requires. A chain of them starts one after the other. More: refuse. */
export const requiresMax = 16;

/** What every manifest has that trust must know. The rest of it is for whoever runs the module. */
const manifest = z.looseObject({
  id: name,
  version: z.string().check(z.regex(versionPattern, "not a version such as 1.2.0")),
  /** An SPDX expression, as in a package.json. */
  license: z.optional(z.string().check(z.maxLength(128))),
  permissions: z.optional(z.array(z.looseObject({ kind: z.enum(permissionKinds) }))),
});
const custom = z.looseObject({ manifest });

export type SignedManifest = z.infer<typeof manifest>;

/** Fails with words for people. */
export function signedManifest(said: unknown): Result<SignedManifest, string> {
  const parsed = custom.safeParse(said);
  if (parsed.success) return ok(parsed.data.manifest);
  const [issue] = parsed.error.issues;
  return failed(`its manifest is wrong: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`);
}

/** Where a publisher's bundle is found: of his own, and never another under the same name. */
export const modulePath = (
  publisher: string,
  { id, version }: Pick<SignedManifest, "id" | "version">,
): string => `modules/${publisher}/${id}-${version}.js`;

/** The name under which a hub's development key signs. Nobody can be given it. */
export const developmentPublisher = "development";
