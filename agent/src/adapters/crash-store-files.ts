/** A file for each crash report, replaced by temp → fsync → rename → fsync of the folder. */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crashBytesMax, decodeCrashReport, encodeCrashReport } from "@interactor/shared/wire/messages/crash";
import type { CrashReport } from "@interactor/shared/wire/messages/crash";
import type { CrashStore } from "../ports/crash-store.ts";

const ending = ".cbor";

/** Works on without a disk: each method says then that it cannot. */
export async function openCrashStore(folder: string): Promise<CrashStore> {
  // An agent whose card is full starts all the same: what is missing shows when a report is to be kept.
  await mkdir(folder, { recursive: true }).catch(() => undefined);
  const pathOf = (id: string): string => join(folder, `${id}${ending}`);
  let working: Promise<void> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const done = working.then(task);
    working = done.catch(() => undefined);
    return done;
  };
  return {
    async load() {
      const reports: CrashReport[] = [];
      for (const name of await readdir(folder)) {
        const report = await readReport(join(folder, name));
        // A draft that a power cut left, or what somebody else has put here.
        if (report === undefined || name !== `${report.id}${ending}`)
          // What cannot be put away, a folder or on a card that has become read-only, is in nobody's way.
          await rm(join(folder, name), { force: true }).catch(() => undefined);
        else reports.push(report);
      }
      return reports;
    },
    save: (report) => inTurn(() => replace(folder, pathOf(report.id), encodeCrashReport(report))),
    remove: (id) => inTurn(() => rm(pathOf(id), { force: true })),
  };
}

async function readReport(path: string): Promise<CrashReport | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined || bytes.length > crashBytesMax) return undefined;
  const decoded = decodeCrashReport(bytes);
  return decoded.ok ? decoded.value : undefined;
}

async function replace(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  await mkdir(folder, { recursive: true });
  {
    await using file = await open(draft, "w", 0o600);
    await file.writeFile(bytes);
    await file.sync();
  }
  await rename(draft, path);
  await using directory = await open(folder, "r");
  await directory.sync();
}
