// Builds what we run and ship: each program as one file from its sources and its packages, the agent in parts. `dist/agent` alone in
// an empty folder, with Node beside it, is a working agent; that is what a Pi gets.
//
// Programs start from these bundles while we rebuild, and two terminals may build at once. So a build writes into
// a folder of its own and then renames file by file: a reader finds the old file or the new one, whole.

import { build as bundle, type BuildOptions as BundleOptions } from "esbuild";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { type Artefact, artefacts, isPart } from "./artefacts.ts";
import { distFolder, root, stampFile } from "./layout.ts";
import { machinesWithoutPins } from "./native-code.ts";

export interface BuiltArtefact {
  readonly name: string;
  /** The main file, relative to the repository. */
  readonly file: string;
  /** With its parts. */
  readonly bytes: number;
}

export interface BuildOptions {
  /** Leaves out programs whose entry point is missing, instead of failing. */
  readonly isPartial?: boolean;
}

/** Builds every program into `dist`. Throws when an entry point is missing or a source does not compile. */
export async function build(options: BuildOptions = {}): Promise<readonly BuiltArtefact[]> {
  const startedAt = new Date();
  const missing = artefacts.filter(({ entry }) => !existsSync(join(root, entry)));
  if (missing.length > 0 && options.isPartial !== true) {
    throw new Error(`no entry point: ${missing.map(({ entry }) => entry).join(", ")}`);
  }
  const chosen = artefacts.filter((artefact) => !missing.includes(artefact));

  await sweepWorkshops();
  const workshop = join(distFolder, `${workshopPrefix}${process.pid}`);
  try {
    const built = await allOrFirstFailure(chosen.map((artefact) => buildArtefact(artefact, workshop)));
    const published = await publish(workshop);
    if (missing.length === 0) {
      await removeFormerFiles(published);
      await writeStamp(workshop, startedAt);
    }
    return built;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** Like Promise.all, but waits for all: nobody writes into the workshop any more when it is taken away. */
async function allOrFirstFailure<Result>(promises: readonly Promise<Result>[]): Promise<readonly Result[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const workshopPrefix = ".build-";

/** A build that was killed leaves its workshop behind; whoever builds next takes it away. */
async function sweepWorkshops(): Promise<void> {
  await mkdir(distFolder, { recursive: true });
  for (const name of await readdir(distFolder)) {
    if (!name.startsWith(workshopPrefix)) continue;
    if (!isAlive(Number(name.slice(workshopPrefix.length)))) {
      await rm(join(distFolder, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function buildArtefact(artefact: Artefact, workshop: string): Promise<BuiltArtefact> {
  const folder = join(workshop, artefact.folder);
  await mkdir(folder, { recursive: true });
  const options: BundleOptions = {
    ...artefact.options,
    absWorkingDir: root,
    bundle: true,
    entryPoints: { [artefact.output.replace(/\.\w+$/, "")]: artefact.entry },
    format: "esm",
    logLevel: "warning",
    metafile: true,
    outdir: folder,
    sourcemap: "linked",
  };
  const { metafile } = await bundle(options).catch((cause: unknown) => {
    // What is wrong and where, esbuild has shown already.
    throw new Error(`${artefact.entry} does not build`, { cause });
  });
  const scripts = Object.keys(metafile?.outputs ?? {}).filter((file) => /\.m?js$/.test(file));
  if (artefact.options.platform === "node")
    for (const script of scripts) await escapeBeyondAscii(join(root, script));
  for (const { from, to } of artefact.copies) {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await copyFile(join(root, from), join(folder, to));
  }
  let bytes = 0;
  for (const script of scripts) bytes += (await stat(join(root, script))).size;
  return { name: artefact.name, file: join("dist", artefact.folder, artefact.output), bytes };
}

/**
 * esbuild escapes what is not ASCII everywhere but in regular expressions, where an escape means the same. One such
 * character would make Node keep the whole source in two bytes a character, in every thread.
 */
async function escapeBeyondAscii(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const escaped = text.replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (escaped !== text) await writeFile(file, escaped);
}

/** Moves every file of the workshop over its namesake in `dist`, and says which they were. */
async function publish(workshop: string): Promise<readonly string[]> {
  const files = await filesUnder(workshop);
  for (const file of files.toSorted((one, other) => rankOf(one) - rankOf(other))) {
    await mkdir(dirname(join(distFolder, file)), { recursive: true });
    await rename(join(workshop, file), join(distFolder, file));
  }
  return files;
}

/** A program names its parts, a page its script and style: what is named must be there before. */
const rankOf = (file: string): number => (isPart(file) ? 0 : file.endsWith(".html") ? 2 : 1);

/** A program that was started before may ask for a part of its own so long after the build that made it. */
const formerPartsKeptFor = 24 * 60 * 60 * 1000;

/** Files of an earlier build that this one no longer makes. Names with a dot in front are ours, not programs'. */
async function removeFormerFiles(published: readonly string[]): Promise<void> {
  for (const file of await filesUnder(distFolder)) {
    if (file.startsWith(".") || published.includes(file) || (await isKeptPart(file))) continue;
    await rm(join(distFolder, file), { force: true });
  }
}

async function isKeptPart(file: string): Promise<boolean> {
  if (!isPart(file)) return false;
  const { mtimeMs } = await stat(join(distFolder, file));
  return Date.now() - mtimeMs < formerPartsKeptFor;
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** A source saved while we were building must count as newer: the stamp carries the time the build began. */
async function writeStamp(workshop: string, startedAt: Date): Promise<void> {
  const draft = join(workshop, "stamp");
  await writeFile(draft, `${startedAt.toISOString()}\n`);
  await utimes(draft, startedAt, startedAt);
  await rename(draft, stampFile);
}

if (import.meta.main) {
  const unknown = process.argv.slice(2).filter((argument) => argument !== "--partial");
  if (unknown.length > 0) {
    process.stderr.write(`build: unknown option ${unknown.join(" ")}; there is only --partial\n`);
    process.exit(2);
  }
  try {
    for (const { name, file, bytes } of await build({ isPartial: process.argv.includes("--partial") })) {
      process.stdout.write(
        `${name.padEnd(12)} ${file.padEnd(30)} ${(bytes / 1000).toFixed(0).padStart(6)} kB\n`,
      );
    }
    for (const machine of machinesWithoutPins()) {
      process.stderr.write(
        `build: dist/agent has no koffi for ${machine}: gpio and i2c wait there. npm run build fetches it, with a network\n`,
      );
    }
  } catch (error) {
    process.stderr.write(`build failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
