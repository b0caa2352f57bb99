/** A root, those that lead to it, and who may publish under it, as one file: what is brought together comes into force together. */
import * as z from "zod/mini";
import { checkSigned, readRoot, readTargets } from "../../../signing/documents.ts";
import { checkFollowing } from "../../../signing/verified.ts";

const broughtFile = z.object({
  root: z.string(),
  targets: z.optional(z.string()),
  before: z._default(z.array(z.string()), []),
});

export interface Brought {
  readonly root: Uint8Array;
  readonly targets: Uint8Array | undefined;
  /** Of those that lead to it, in order. */
  readonly before: readonly Uint8Array[];
}

export const encodeBrought = ({ root, targets, before }: Brought): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      root: base64(root),
      ...(targets && { targets: base64(targets) }),
      ...(before.length > 0 && { before: before.map(base64) }),
    }),
  );

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** It is written whole or not at all, and was checked before: what is not so any more was never there. */
export function decodeBrought(bytes: Uint8Array): Brought | undefined {
  try {
    const { root, targets, before } = broughtFile.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    const brought = {
      root: Buffer.from(root, "base64"),
      targets: targets === undefined ? undefined : Buffer.from(targets, "base64"),
      before: before.map((each) => Buffer.from(each, "base64")),
    };
    const document = readRoot(brought.root);
    checkFollowing([...brought.before.map(readRoot), document]);
    if (brought.targets !== undefined) checkSigned(document, "targets", readTargets(brought.targets));
    return brought;
  } catch {
    return undefined;
  }
}
