/**
 * A threshold asks for several people. The package counts ids, and one key can stand under several: whoever has that one
 * would be several people. TUF lets ids be what they like and wants keys counted.
 */
import { type Key, Metadata, MetadataKind } from "@tufjs/models";
import { getPublicKey } from "@tufjs/models/dist/utils/key.js";
import { Fault } from "@interactor/shared/kernel/fault";

type Keys = Readonly<Record<string, Key>>;

interface Asked {
  readonly keyIDs: readonly string[];
  readonly threshold: number;
}

/** Throws a Fault `TRUST_SIGNATURE` for a root in which a role names one key twice. What is no root is not judged here. */
export function checkRootKeys(bytes: Buffer): void {
  const root = readable(
    () => Metadata.fromJSON(MetadataKind.Root, JSON.parse(bytes.toString("utf8"))).signed,
  );
  if (root !== undefined)
    for (const [name, role] of Object.entries(root.roles)) checkRole(name, role, root.keys);
}

/** The same of whom targets hand on to. */
export function checkDelegatedKeys(bytes: Buffer): void {
  const targets = readable(
    () => Metadata.fromJSON(MetadataKind.Targets, JSON.parse(bytes.toString("utf8"))).signed,
  );
  const { keys = {}, roles = {}, succinctRoles } = targets?.delegations ?? {};
  for (const [name, role] of Object.entries(roles ?? {})) checkRole(name, role, keys);
  if (succinctRoles !== undefined) checkRole(succinctRoles.namePrefix, succinctRoles, keys);
}

function checkRole(name: string, { keyIDs, threshold }: Asked, keys: Keys): void {
  // Where one is enough it does no harm, and a thousand publishers need not be looked at.
  if (threshold <= 1) return;
  const seen = new Set<string>();
  for (const id of keyIDs) {
    const key = keys[id];
    if (key === undefined) continue;
    const own = identityOf(key);
    if (seen.has(own))
      throw new Fault(
        "TRUST_SIGNATURE",
        `${threshold} keys are asked of ${name}, and two of those named are one`,
      );
    seen.add(own);
  }
}

/** A key can be written in several ways. */
function identityOf({ keyType, scheme, keyVal }: Key): string {
  const text = keyVal["public"] ?? "";
  const known = readable(() => getPublicKey({ keyType, scheme, keyVal: text }).key);
  return known?.export({ type: "spki", format: "der" }).toString("hex") ?? text.trim().toLowerCase();
}

/** What cannot be read is refused by whoever reads it next, in his words. */
function readable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
