/**
 * Firmware that this agent brings: hex files, and what each must be byte for byte. The digests are part of the agent's
 * own program, so that whoever may change the files beside it cannot bring another firmware into a board.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import manifest from "@interactor/firmware-bridges/images/manifest.json" with { type: "json" };
import type { Chip } from "./boards.ts";

/** Beside the bundle, or in a clone where they are kept. */
const folders = [
  join(import.meta.dirname, "firmware"),
  join(import.meta.dirname, "..", "..", "firmware-bridges", "images"),
];
/** Hex of a whole ATmega2560 and a bit. More: refuse. */
const imageBytesMax = 800_000;

export interface Image {
  readonly release: string;
  /** Path of the hex file. */
  readonly file: string;
  readonly sha256: string;
}

/** `undefined`: this agent brings none for it. */
export function findImage(firmware: string, chip: Chip): Image | undefined {
  const image = manifest.images.find((each) => each.firmware === firmware && each.chip === chip);
  if (image === undefined) return undefined;
  const { release, file, sha256 } = image;
  const paths = folders.map((folder) => join(folder, file));
  return { release, file: paths.find((path) => existsSync(path)) ?? file, sha256 };
}

/** Throws when the file is another than this agent was built with: nothing of it may get into a board. */
export async function checkImage({ file, sha256 }: Image): Promise<void> {
  const bytes = await readFile(file);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (bytes.length > imageBytesMax || found !== sha256)
    throw new Error(`${file} is not what this agent was built with`);
}
