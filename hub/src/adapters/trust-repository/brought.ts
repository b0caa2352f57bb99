/** A root and who may publish under it, as one file: what is brought together comes into force together. */
import * as z from "zod/mini";

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

/** It is written whole or not at all: what cannot be read was never there. */
export function decodeBrought(bytes: Uint8Array): Brought | undefined {
  try {
    const { root, targets } = broughtFile.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    return {
      root: Buffer.from(root, "base64"),
      targets: targets === undefined ? undefined : Buffer.from(targets, "base64"),
    };
  } catch {
    return undefined;
  }
}
