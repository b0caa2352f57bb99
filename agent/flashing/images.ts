/** Firmware that this agent brings: hex files, and a manifest that says what each must be byte for byte. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "@interactor/shared/sdk/schemas";

/** Beside the bundle, or in a clone where they are kept. */
const folders = [
  join(import.meta.dirname, "firmware"),
  join(import.meta.dirname, "..", "..", "firmware-bridges", "images"),
];
/** Hex of a whole ATmega2560 and a bit. More: refuse. */
const imageBytesMax = 800_000;

const manifest = z.object({
  compiler: z.string(),
  images: z
    .array(
      z.object({
        firmware: z.string(),
        chip: z.string(),
        release: z.string(),
        file: z.string().check(z.regex(/^[\w.-]+$/u)),
        sha256: z.string().check(z.regex(/^[\da-f]{64}$/u)),
      }),
    )
    .check(z.maxLength(100)),
});

export interface Image {
  readonly release: string;
  /** Path of the hex file. */
  readonly file: string;
  readonly sha256: string;
}

/** `undefined`: this agent brings none for it. */
export async function findImage(firmware: string, chip: string): Promise<Image | undefined> {
  const folder = folders.find((each) => existsSync(join(each, "manifest.json")));
  if (folder === undefined) return undefined;
  const { images } = manifest.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  const found = images.find((image) => image.firmware === firmware && image.chip === chip);
  return found && { release: found.release, file: join(folder, found.file), sha256: found.sha256 };
}

/** Throws when the file is not what the manifest says: nothing of it may get into a board. */
export async function checkImage({ file, sha256 }: Image): Promise<void> {
  const bytes = await readFile(file);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (bytes.length > imageBytesMax || found !== sha256)
    throw new Error(`${file} is not what its manifest says`);
}
