// The firmware that an agent writes into boards lies beside its bundle, with the manifest that says what each image must
// be byte for byte.

import { globSync } from "node:fs";
import { join } from "node:path";

import { root } from "./layout.ts";

const imagesFolder = "firmware-bridges/images";

/** Throws when there is none. */
export function firmwareImages(): readonly { readonly from: string; readonly to: string }[] {
  const files = globSync("*.{hex,json}", { cwd: join(root, imagesFolder) });
  if (!files.includes("manifest.json")) throw new Error(`${imagesFolder} has no manifest`);
  return files.map((file) => ({ from: join(imagesFolder, file), to: join("firmware", file) }));
}
