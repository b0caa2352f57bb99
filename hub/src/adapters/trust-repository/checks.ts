/** What is brought to the hub is checked here as a node checks it, so that nothing is served that none would take. */
import type { Metadata, Root, TargetFile, Targets } from "@tufjs/models";
import { documentBytesMax } from "@interactor/shared/bundle/document-bytes";
import { Fault } from "@interactor/shared/kernel/fault";
import { isName } from "@interactor/shared/wire/names";
import {
  assignPaths,
  assignRole,
  checkSigned,
  delegatedBy,
  isDevelopment,
  publisherPaths,
  sha256,
  signersOf,
} from "../../../signing/documents.ts";
import { checkFollowing, isSameRoot } from "../../../signing/verified.ts";

export const realRoot = (): Fault =>
  new Fault(
    "TRUST_REAL_ROOT",
    "this site has a root of its own: nothing is taken any more that its publishers did not sign",
  );

export function checkLength(role: "root" | "targets", name: string, { length }: Uint8Array): void {
  const most = documentBytesMax[role];
  if (length > most)
    throw new Fault("TRUST_TOO_LONG", `${name} has ${length} bytes, and nodes take ${most} of one document`);
}

/**
 * `roots`: the last is to be in force, and the others lead to it. `own`: the one that is here. `kept`: those that this hub
 * has as they were signed. What is brought of these says nothing: whoever adds a signature of his own to one of them could
 * have it follow from whatever he made up.
 */
export function checkRoots(
  roots: readonly Metadata<Root>[],
  own: Metadata<Root> | undefined,
  kept: ReadonlyMap<number, Metadata<Root>>,
): void {
  if (roots.some(({ signed }) => isDevelopment(signed)))
    throw new Fault(
      "TRUST_REAL_ROOT",
      "a root for development is made by the hub itself, and by nobody else",
    );
  const here = own?.signed.version ?? 0;
  const [first = 0, last = 0] = [roots[0]?.signed.version, roots.at(-1)?.signed.version];
  if (first > here + 1) throw new Fault("TRUST_VERSION", `this is root ${first}, and ${here + 1} comes next`);
  if (last < here) throw new Fault("TRUST_VERSION", `this is root ${last}, and ${here + 1} comes next`);
  for (const root of roots) {
    const { version } = root.signed;
    const same = version === here ? own : kept.get(version);
    if (same !== undefined && !isSameRoot(same, root))
      throw new Fault("TRUST_VERSION", `this is another root ${version} than the one that this hub has`);
    checkKeysOnce(root);
  }
  checkFollowing(roots);
  const before = first === here + 1 ? own : kept.get(first - 1);
  checkFollowing([
    ...(before ? [before] : []),
    ...roots.map((root) => kept.get(root.signed.version) ?? root),
  ]);
}

/** Nodes take no root in which one key stands for several people. */
function checkKeysOnce({ signed }: Metadata<Root>): void {
  for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
    const { keys, threshold } = signersOf(signed, role);
    const different = new Set(keys.map(({ keyVal }) => keyVal["public"]?.trim().toLowerCase()));
    if (threshold > 1 && different.size < keys.length)
      throw new Fault(
        "TRUST_SIGNATURE",
        `${threshold} keys are asked of ${role}, and two of those named are one`,
      );
  }
}

/** Whether the hub can sign under it. */
export function checkNamesHub(root: Metadata<Root>, online: readonly string[]): void {
  const named = (["snapshot", "timestamp"] as const).map((role) => {
    const { keys, threshold } = signersOf(root.signed, role);
    return keys.length === 1 && threshold === 1 ? keys[0]?.keyID : undefined;
  });
  const key = named[0];
  if (key === undefined || key !== named[1] || !online.includes(key))
    throw new Fault("TRUST_KEYS", "it does not name this hub's key for snapshot and timestamp");
}

export function checkTargets(
  targets: Metadata<Targets>,
  root: Metadata<Root>,
  before: Metadata<Targets> | undefined,
): void {
  checkSigned(root, "targets", targets);
  checkNewer(targets.signed.version, before?.signed.version, "targets");
  for (const { name, paths } of delegatedBy(targets.signed)) {
    const own = name === assignRole ? assignPaths : publisherPaths(name);
    const isOwn = paths.length > 0 && paths.every((path) => own.includes(path));
    if (!isName(name) || !isOwn)
      throw new Fault(
        "TRUST_PATH",
        `"${name}" may speak of ${own.join(", ")} only, not of ${paths.join(", ")}`,
      );
  }
}

export interface Word {
  readonly name: string;
  readonly word: Metadata<Targets>;
  readonly targets: Metadata<Targets>;
  readonly before: Metadata<Targets> | undefined;
  /** The same was brought already, by somebody who may not have heard of it. */
  readonly isAgain: boolean;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The files that are new in it, with their bytes; and of the others those whose bytes were brought once more. */
export function checkWord(brought: Word): ReadonlyMap<TargetFile, Uint8Array> {
  const { name, word, targets, before, isAgain, files } = brought;
  const isPublisher = name !== assignRole && delegatedBy(targets.signed).some((each) => each.name === name);
  if (!isPublisher)
    throw new Fault(
      "TRUST_PUBLISHER",
      `"${name}" may not publish here: interactor trust add-publisher ${name}`,
    );
  checkSigned(targets, name, word);
  if (!isAgain) checkNewer(word.signed.version, before?.signed.version, name);
  if (word.signed.delegations !== undefined)
    throw new Fault("TRUST_PATH", `"${name}" may not hand on what it may publish`);
  const added = new Map<TargetFile, Uint8Array>();
  for (const file of Object.values(word.signed.targets)) {
    const known = before?.signed.targets[file.path];
    if (known === undefined) added.set(file, newFile(name, file, files.get(file.path)));
    else if (!known.equals(file))
      throw new Fault(
        "TRUST_CHANGED",
        `${file.path} was published before, and is another now: raise its version`,
      );
    else {
      const again = files.get(file.path);
      if (again !== undefined && hasDigest(file, again)) added.set(file, again);
    }
  }
  return added;
}

export const hasDigest = ({ hashes }: TargetFile, bytes: Uint8Array): boolean =>
  hashes["sha256"] === sha256(bytes);

function newFile(publisher: string, file: TargetFile, bytes: Uint8Array | undefined): Uint8Array {
  const { path, length, hashes } = file;
  const rest = path.startsWith(`modules/${publisher}/`) ? path.slice(`modules/${publisher}/`.length) : "";
  if (!/^[a-z0-9][\w.+-]*$/.test(rest))
    throw new Fault("TRUST_PATH", `"${path}" is not of the form modules/${publisher}/NAME-VERSION.js`);
  if (bytes === undefined)
    throw new Fault(
      "TRUST_MISMATCH",
      `${path} is named, and its bytes are missing: they are brought together`,
    );
  if (Object.keys(hashes).join() !== "sha256" || !hasDigest(file, bytes) || length !== bytes.length)
    throw new Fault(
      "TRUST_MISMATCH",
      `${path} does not have the bytes that were signed: build it, and sign what was built`,
    );
  return bytes;
}

function checkNewer(version: number, before: number | undefined, name: string): void {
  if (before === undefined || version > before) return;
  throw new Fault(
    "TRUST_VERSION",
    `this is version ${version} of ${name}, and ${before} is here already: sign it again, from what the hub has`,
  );
}
