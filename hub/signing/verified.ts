/**
 * What a hub shows to somebody who signs with offline keys: believed only as far as the root says that he has. A hub that
 * somebody got at would have him sign what it made up.
 */
import { Metadata, type Root, type Targets } from "@tufjs/models";
import { Fault } from "@interactor/shared/kernel/fault";
import { checkSigned, readRoot, readTargets } from "./documents.ts";
import type { Key } from "@tufjs/models";

/** Roots that may have followed since. More: refuse. Nobody hands on so often, and each of them is fetched. */
const rootsMax = 256;

export interface Verified<Content extends Root | Targets> {
  readonly document: Metadata<Content>;
  readonly bytes: Uint8Array;
}

/** The last of the roots from this one on, each signed by the one before. Throws a Fault `TRUST_SIGNATURE` or `TRUST_VERSION`. */
export async function followRoots(
  own: Uint8Array,
  upTo: number,
  rootOf: (version: number) => Promise<Uint8Array>,
): Promise<Verified<Root>> {
  let last = { document: readRoot(own), bytes: own };
  checkSigned(last.document, "root", last.document);
  const first = last.document.signed.version;
  if (upTo - first > rootsMax)
    throw new Fault("TRUST_VERSION", `the hub says that it has root ${upTo}, and this is root ${first}`);
  for (let version = first + 1; version <= upTo; version += 1) {
    const bytes = await rootOf(version);
    const document = readRoot(bytes);
    if (document.signed.version !== version)
      throw new Fault("TRUST_VERSION", `what the hub has as root ${version} is another`);
    checkSigned(last.document, "root", document);
    checkSigned(document, "root", document);
    last = { document, bytes };
  }
  return last;
}

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
