/** Where the data folder of a hub on this machine may be. */
import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const nameDefault = ".interactor";
/** As far up as people nest their folders; further up nobody looks. */
const levelsMax = 32;

/**
 * The folder that was named; else the one here or in a folder around it, so that a module's own folder in a clone will do;
 * else that of the clone this command is of, whose `npm start` made it. Around, only what is ours: in a folder that all may
 * write to, such as /tmp, somebody else would say which hub we bring our modules to.
 */
export function dataFolders(
  given: string | undefined,
  env: NodeJS.ProcessEnv,
  here = process.cwd(),
): readonly string[] {
  const named = given ?? env["INTERACTOR_DATA"];
  if (named !== undefined && named !== "") return [resolve(named)];
  const folders: string[] = [];
  for (let [folder, level] = [resolve(here), 0]; level < levelsMax; folder = dirname(folder), level += 1) {
    const found = join(folder, nameDefault);
    if (folders.length === 0 || isOurs(found)) folders.push(found);
    if (dirname(folder) === folder) break;
  }
  // As it is written and as it is built, the command lies two folders below its clone.
  const ofClone = join(import.meta.dirname, "..", "..", nameDefault);
  return folders.includes(ofClone) ? folders : [...folders, ofClone];
}

/** What is not there is nobody's yet. */
function isOurs(folder: string): boolean {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  return owner === undefined || owner === 0 || owner === process.getuid?.();
}
