// Builds only when something changed since the last complete build. The `interactor` command asks this at every
// start, so the answer "nothing changed" must cost next to nothing: it looks at modification times and stops at
// the first newer one. Folders count too, because a file that was removed leaves its mark on its folder only.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { root, stampFile } from "./layout.ts";

/** What ends up in a bundle: our sources, how they are built, and which packages go in. */
const watched = ["shared/src", "agent", "hub", "deploy", "package-lock.json"] as const;

const ignoredFolders: ReadonlySet<string> = new Set(["node_modules", "dist"]);

/** Rebuilds when needed; `announce` is called first, because a build takes a second or two. */
export async function ensureBuilt(announce: () => void): Promise<void> {
  if (isFresh()) return;
  announce();
  // esbuild is loaded only when there is something to build.
  const { build } = await import("./build.ts");
  await build();
}

/** Whether the last complete build began after every source was last changed. */
function isFresh(): boolean {
  return isUpToDate(
    stampFile,
    watched.map((path) => join(root, path)),
  );
}

/** Whether nothing in `paths` is missing or newer than `stamp`. */
export function isUpToDate(stamp: string, paths: readonly string[]): boolean {
  const builtAt = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  return builtAt !== undefined && !paths.some((path) => isNewer(path, builtAt));
}

function isNewer(path: string, builtAt: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.mtimeMs > builtAt) return true;
  if (!stats.isDirectory()) return false;
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !ignoredFolders.has(entry.name) && !entry.name.endsWith(".test.ts"))
    .some((entry) => isNewer(join(path, entry.name), builtAt));
}
