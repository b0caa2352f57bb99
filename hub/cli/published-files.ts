/** What `interactor module build` made, as it is signed and published: a bundle, and beside it its manifest. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { modulePath, signedManifest, type SignedManifest } from "@interactor/shared/bundle/signed-module";
import { moduleBytesMax } from "@interactor/shared/bundle/trust-api";
import { messageOf } from "@interactor/shared/kernel/fault";
import { commandFault } from "./exit.ts";
import { readText } from "./trust-keys.ts";

export interface BuiltFiles {
  readonly manifest: SignedManifest;
  readonly bundle: Uint8Array;
  /** Where the publisher's word of it is written to by `sign`, and read from by `publish`. */
  readonly signedFile: string;
}

const manifestEnd = ".manifest.json";

/** Of a bundle, or of the folder of a module that was built. */
export function builtFiles(given: string): BuiltFiles {
  const file = bundleIn(given);
  const stem = file.replace(/\.m?js$/, "");
  const manifest = parsedManifest(`${stem}${manifestEnd}`);
  const bundle = readFileSync(file);
  if (bundle.length > moduleBytesMax)
    throw commandFault(
      "VALIDATION",
      `${file} has ${bundle.length} bytes, and ${moduleBytesMax} are allowed: leave out what it does not need`,
    );
  return { manifest, bundle, signedFile: `${stem}-${manifest.version}.signed.json` };
}

export const pathFor = (publisher: string, { manifest }: BuiltFiles): string =>
  modulePath(publisher, manifest);

function bundleIn(given: string): string {
  const found = statSync(given, { throwIfNoEntry: false });
  if (found?.isFile() === true) return given;
  const folder = join(given, "dist");
  const names =
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
  const stems = names
    .filter((name) => name.endsWith(manifestEnd))
    .map((name) => name.slice(0, -manifestEnd.length));
  const bundles = names.filter((name) => /\.m?js$/.test(name) && stems.includes(name.replace(/\.m?js$/, "")));
  const [bundle] = bundles;
  if (bundle === undefined)
    throw commandFault("NOT_FOUND", `there is no bundle in ${folder}: interactor module build makes it`);
  if (bundles.length > 1)
    throw commandFault("USAGE", `${folder} has ${bundles.join(", ")}: name the one that is meant`);
  return join(folder, bundle);
}

function parsedManifest(file: string): SignedManifest {
  const text = readText(file);
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw commandFault("VALIDATION", `${file}: ${messageOf(error)}`, error);
  }
  const said = signedManifest({ manifest });
  if (!said.ok) throw commandFault("VALIDATION", `${file}: ${said.error}`);
  return said.value;
}
