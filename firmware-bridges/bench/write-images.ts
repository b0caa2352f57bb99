// Builds all firmware into firmware-bridges/images, where an agent takes it from, with the manifest of it.
//
//   node firmware-bridges/bench/write-images.ts

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildFirmware, compilerVersion, type Firmware, firmwares, imagesFolder, release } from "./build.ts";
import { rm } from "node:fs/promises";

const images = [];
for (const firmware of Object.keys(firmwares) as Firmware[]) {
  for (const chip of firmwares[firmware]) {
    const hex = await buildFirmware({ firmware, chip, folder: imagesFolder });
    await rm(hex.replace(/hex$/u, "elf"));
    const sha256 = createHash("sha256")
      .update(await readFile(hex))
      .digest("hex");
    images.push({ firmware, chip, release, file: `${firmware}-${chip}.hex`, sha256 });
  }
}
const manifest = { compiler: await compilerVersion(), images };
await writeFile(join(imagesFolder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
