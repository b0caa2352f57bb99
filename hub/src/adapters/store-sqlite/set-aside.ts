/** What is done with a file that is damaged: it is kept for whoever wants to look, and out of the way. */
import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Micros } from "@interactor/shared/kernel/units";

/** Damaged files that are kept. One more: the oldest is removed, lest a dying card fills itself with them. */
const setAsideMax = 3;

/** Renames a database, with what SQLite keeps beside it. Gives its new name. */
export async function setAside(path: string, at: Micros): Promise<string> {
  // No colons: they end a host's name for scp, and Windows refuses them.
  const time = new Date(at / 1000).toISOString().replaceAll(":", "-");
  const aside = `${path}.corrupt-${time}`;
  // The log goes with its database: the next one must not be made to swallow it.
  for (const ending of ["-wal", "-shm", ""]) {
    if (existsSync(path + ending)) await rename(path + ending, aside + ending);
  }
  await removeOldest(path);
  return aside;
}

async function removeOldest(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.corrupt-`;
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  const times = [...new Set(names.map((name) => name.slice(prefix.length).replace(/-(wal|shm)$/, "")))];
  for (const time of times.toSorted().slice(0, -setAsideMax)) {
    for (const ending of ["-wal", "-shm", ""])
      await rm(join(folder, prefix + time + ending), { force: true });
  }
}
