/** What a site lets in, as a file that may be edited while the hub runs: `import-policy.json` in its folder of trust. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { permissionKinds } from "@interactor/shared/bundle/manifest";
import { moduleBytesMax } from "@interactor/shared/bundle/trust-api";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { type ImportPolicy, importPolicyDefault } from "../ports/import-policy.ts";

const schema = z.strictObject({
  imports: z.optional(z.array(z.string())),
  permissions: z.optional(z.array(z.enum(permissionKinds))),
  bytes_max: z.optional(z.int().check(z.positive(), z.maximum(moduleBytesMax))),
  licences: z.optional(z.array(z.string())),
});

/** What the file says, and what it does not say as it is by itself. Throws a Fault `IMPORT_POLICY` when it cannot be used. */
export async function readImportPolicy(folder: string): Promise<ImportPolicy> {
  const path = join(folder, "import-policy.json");
  const text = await readFile(path, "utf8").catch(unlessMissing);
  if (text === undefined) return importPolicyDefault;
  try {
    const { imports, permissions, bytes_max, licences } = schema.parse(JSON.parse(text));
    const standard = importPolicyDefault;
    return {
      imports: imports ?? standard.imports,
      permissions: permissions ?? standard.permissions,
      bytesMax: bytes_max ?? standard.bytesMax,
      licences: licences ?? standard.licences,
    };
  } catch (cause) {
    throw new Fault("IMPORT_POLICY", `nothing is let in: ${path} cannot be used: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw new Fault("IMPORT_POLICY", `nothing is let in: ${messageOf(error)}`, { cause: error });
}
