/**
 * What a hub shows to somebody who signs with offline keys: believed only as far as the root says that he has. A hub that
 * somebody got at would have him sign what it made up.
 */
import { Metadata, type Root, type Targets } from "@tufjs/models";
import { rootsBroughtMax } from "@interactor/shared/bundle/trust-api";
import { Fault } from "@interactor/shared/kernel/fault";
import { checkSigned, readRoot, readTargets } from "./documents.ts";
import type { Key } from "@tufjs/models";

/** Roots that may have followed since. More: refuse. Nobody hands on so often, and each of them is fetched. */
const rootsMax = rootsBroughtMax;

export interface Verified<Content extends Root | Targets> {
  readonly document: Metadata<Content>;
  readonly bytes: Uint8Array;
}

/** The roots from this one on, each signed by the one before. Throws a Fault `TRUST_SIGNATURE` or `TRUST_VERSION`. */
export async function followRoots(
  own: Uint8Array,
  upTo: number,
  rootOf: (version: number) => Promise<Uint8Array>,
): Promise<readonly Verified<Root>[]> {
  let last = { document: readRoot(own), bytes: own };
  const row = [last];
  checkSigned(last.document, "root", last.document);
  const first = last.document.signed.version;
  if (upTo - first > rootsMax)
    throw new Fault("TRUST_VERSION", `the hub says that it has root ${upTo}, and this is root ${first}`);
  for (let version = first + 1; version <= upTo; version += 1) {
    const bytes = await rootOf(version);
    const document = readRoot(bytes);
    if (document.signed.version !== version)
      throw new Fault("TRUST_VERSION", `what the hub has as root ${version} is another`);
    checkNext(last.document, document);
    last = { document, bytes };
    row.push(last);
  }
  return row;
}

/** Whether each root follows from the one before it. Throws a Fault `TRUST_SIGNATURE` or `TRUST_VERSION`. */
export function checkFollowing(roots: readonly Metadata<Root>[]): void {
  for (const [index, root] of roots.entries()) {
    const before = roots[index - 1];
    if (before === undefined) checkSigned(root, "root", root);
    else checkNext(before, root);
  }
}

/** Whether it would throw for what they are. */
export function isFollowing(roots: readonly Metadata<Root>[]): boolean {
  try {
    checkFollowing(roots);
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** Whether a root may come after another: of the next number, and signed by the keys of both. Throws like `checkFollowing`. */
function checkNext(before: Metadata<Root>, root: Metadata<Root>): void {
  const { version } = before.signed;
  if (root.signed.version !== version + 1)
    throw new Fault("TRUST_VERSION", `root ${root.signed.version} cannot come after root ${version}`);
  checkSigned(before, "root", root);
  checkSigned(root, "root", root);
}

/** Whether one is what the other is, however it is written. */
export const isSameRoot = (left: Metadata<Root>, right: Metadata<Root>): boolean =>
  left.signed.equals(right.signed);

/** Who may publish, as the root's keys have signed it. Throws a Fault `TRUST_SIGNATURE`. */
export function verifiedTargets(root: Metadata<Root>, bytes: Uint8Array): Verified<Targets> {
  const document = readTargets(bytes);
  checkSigned(root, "targets", document);
  return { document, bytes };
}

/** Whether one of these keys has signed it. */
export const isSignedBy = (keys: readonly Key[], document: Metadata<Targets>): boolean =>
  keys.some((key) => {
    try {
      if (document.signatures[key.keyID] === undefined) return false;
      key.verifySignature(document);
      return true;
    } catch {
      // It has one reason only, which is what is asked here.
      return false;
    }
  });
