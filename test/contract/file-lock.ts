// Another process that holds the lock of an SQLite file, so that whoever writes to it waits, as on a disk that hangs. It
// has to be another process: locks of one and the same do not keep it from anything.
//
//   file-lock.ts /…/journal.sqlite

import { spawn } from "node:child_process";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";

/** Resolves when the file is locked, with what lets it go. */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [import.meta.filename, path], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const letGo = async () => {
    child.stdin.end();
    await exited;
  };
  await once(child.stdout, "data");
  return letGo;
}

const [path] = process.argv.slice(2);
if (path !== undefined && import.meta.main) {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE");
  process.stdout.write("locked\n");
  process.stdin.resume().once("end", () => database.close());
}
