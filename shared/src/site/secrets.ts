/** Secrets by their names: where they may stand, and how a compiled site says that there is one. */
import type { Plain } from "./compiled-site.ts";
import { hintAmong, type SiteCheck } from "./site-check.ts";
import { type SecretUse, secretName } from "./variables.ts";
import type { Path } from "./yaml-text.ts";

export function checkSecrets(check: SiteCheck): void {
  const { site } = check;
  const known = site.namesIn("secrets");
  for (const name of known)
    if (!secretName(name))
      check.tellKey(["secrets"], name, "a secret's name is letters, digits, - and _, a letter first");
  for (const { path, parts } of site.secretUses) {
    const isSetting = path[0] === "nodes" && path[2] === "instances" && path[4] === "settings";
    if (!isSetting) {
      check.tell(path, "a secret may stand in the settings of an instance, and nowhere else");
      continue;
    }
    for (const name of parts.filter((_part, index) => index % 2 === 1)) {
      if (known.includes(name)) continue;
      const where = `add it under secrets: ${name}: { env: INTERACTOR_SECRET_${name.toUpperCase().replaceAll("-", "_")} }`;
      check.tell(path, `there is no secret "${name}"`, hintAmong(name, known, where));
    }
  }
}

/** Secrets by the instance that uses them, `node/instance`. */
export const secretsByInstance = (uses: readonly SecretUse[]): ReadonlyMap<string, readonly SecretUse[]> =>
  Map.groupBy(uses, ({ path }) => `${path[1]}/${path[3]}`);

/** Settings with each secret as `{ $secret: [text, name, text …] }`; no text of the user's can look like that. */
export function withSecrets(
  settings: Readonly<Record<string, unknown>>,
  path: Path,
  uses: readonly SecretUse[],
): { readonly [key: string]: Plain } {
  const byPath = new Map(uses.map((use) => [JSON.stringify(use.path), use.parts]));
  return Object.fromEntries(
    Object.entries(settings).map(([key, each]) => [key, plain(each, [...path, key], byPath)]),
  );
}

function plain(value: unknown, path: Path, secrets: ReadonlyMap<string, readonly string[]>): Plain {
  if (Array.isArray(value)) return value.map((each, index) => plain(each, [...path, index], secrets));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, plain(each, [...path, key], secrets)]),
    );
  const parts = secrets.size === 0 ? undefined : secrets.get(JSON.stringify(path));
  if (parts !== undefined) return { $secret: parts };
  return isScalar(value) ? value : null;
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
