// Where things stand in the repository; everything else says it relative to these.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));
export const distFolder: string = join(root, "dist");

/** Its modification time is the moment the last complete build began. */
export const stampFile: string = join(distFolder, ".built");
