import { createHash } from "node:crypto";
import { Fault } from "@interactor/shared/kernel/fault";
import type { SignedFile } from "../../ports/trust.ts";

/** Whether these are the bytes that were signed. */
export function isSigned({ bytes, hashes }: SignedFile, given: Uint8Array): boolean {
  const all = Object.entries(hashes);
  return (
    given.length === bytes &&
    all.length > 0 &&
    all.every(([algorithm, digest]) => digestOf(algorithm, given) === digest)
  );
}

function digestOf(algorithm: string, bytes: Uint8Array): string {
  try {
    return createHash(algorithm).update(bytes).digest("hex");
  } catch (cause) {
    throw new Fault("TRUST_MISMATCH", `the digest ${algorithm} is not known here`, { cause });
  }
}
