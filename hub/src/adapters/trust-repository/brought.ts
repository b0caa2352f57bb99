/** A root and who may publish under it, as one file: what is brought together comes into force together. */
import * as z from "zod/mini";
import { checkSigned, readRoot, readTargets } from "../../../signing/documents.ts";

const broughtFile = z.object({ root: z.string(), targets: z.optional(z.string()) });

export interface Brought {
  readonly root: Uint8Array;
  readonly targets: Uint8Array | undefined;
}

export const encodeBrought = ({ root, targets }: Brought): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      root: Buffer.from(root).toString("base64"),
      ...(targets && { targets: Buffer.from(targets).toString("base64") }),
    }),
  );

/** It is written whole or not at all, and was checked before: what is not so any more was never there. */
export function decodeBrought(bytes: Uint8Array): Brought | undefined {
  try {
    const { root, targets } = broughtFile.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    const brought = {
      root: Buffer.from(root, "base64"),
      targets: targets === undefined ? undefined : Buffer.from(targets, "base64"),
    };
    const document = readRoot(brought.root);
    checkSigned(document, "root", document);
    if (brought.targets !== undefined) checkSigned(document, "targets", readTargets(brought.targets));
    return brought;
  } catch {
    return undefined;
  }
}
