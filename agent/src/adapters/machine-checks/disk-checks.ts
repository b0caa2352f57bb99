/** How much room a folder's disk has, and how long it takes to be sure of a write. */
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Check } from "@interactor/shared/wire/machine-check";

/** Less: revisions and what is durable soon have no place. */
const freeBytesMin = 20 * 1024 * 1024;
const freeBytesWanted = 500 * 1024 * 1024;
/** Writes of one page that are timed. */
const writes = 8;
const pageBytes = 4096;
/** In ms, of the middle one: good cards take 5. */
const syncWanted = 60;

export async function diskChecks(data: string): Promise<readonly Check[]> {
  const folder = existing(data);
  return [await spaceCheck(folder), await speedCheck(folder)];
}

/** The folder, or what of its path is there already. */
function existing(folder: string): string {
  for (let at = folder; ; at = dirname(at)) if (existsSync(at) || at === dirname(at)) return at;
}

async function spaceCheck(folder: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const state = free < freeBytesMin ? "missing" : free < freeBytesWanted ? "degraded" : "ok";
    return {
      check: "disk-space",
      state,
      words: `${Math.floor(free / 1024 / 1024)} MB free where ${folder} lies`,
    };
  } catch (error) {
    return {
      check: "disk-space",
      state: "missing",
      words: `${folder} cannot be looked at: ${messageOf(error)}`,
    };
  }
}

async function speedCheck(folder: string): Promise<Check> {
  const check = "disk-speed";
  let trial: string | undefined;
  try {
    trial = await mkdtemp(join(folder, ".doctor-"));
    const took = await timedWrites(join(trial, "page"));
    const middle = took.toSorted((left, right) => left - right)[Math.floor(took.length / 2)] ?? 0;
    const words = `${middle.toFixed(1)} ms until a write is on the disk (the middle of ${took.length})`;
    return { check, state: middle > syncWanted ? "degraded" : "ok", words };
  } catch (error) {
    return { check, state: "missing", words: `nothing can be written to ${folder}: ${messageOf(error)}` };
  } finally {
    if (trial !== undefined) await rm(trial, { recursive: true, force: true });
  }
}

async function timedWrites(path: string): Promise<readonly number[]> {
  await using file = await open(path, "w");
  const page = Buffer.alloc(pageBytes, 1);
  const took: number[] = [];
  for (let index = 0; index < writes; index++) {
    const begun = performance.now();
    await file.write(page, 0, page.length, index * pageBytes);
    await file.sync();
    took.push(performance.now() - begun);
  }
  return took;
}
