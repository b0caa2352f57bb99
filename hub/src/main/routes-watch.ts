/**
 * Keeps the hub's routes as `routes.yaml` has them. A file that is wrong changes nothing: the routes that ran
 * go on, over a restart too, and every problem is logged with its line.
 */
import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import { messageOf } from "@interactor/shared/kernel/fault";
import { parseRoutesFile } from "@interactor/shared/site/routes-file";
import { problemLine } from "@interactor/shared/site/yaml-text";
import type { Hub } from "../hub.ts";
import type { Log } from "../ports/log.ts";
import type { RevisionStore } from "../ports/revision-store.ts";

export interface RoutesWatch extends Disposable {
  /** What is wrong with the file now; empty: nothing. */
  problems(): readonly string[];
}

/** How often the file is looked at, in ms. Polling sees every editor's way of saving, and network mounts. */
const lookEvery = 1000;
/** How often a revision that could not be kept is tried again, in ms. */
const keepAgainEvery = 5000;

export async function watchRoutes(
  path: string,
  hub: Hub,
  store: RevisionStore,
  log: Log,
): Promise<RoutesWatch> {
  const stored = await store.load();
  if (stored !== undefined) hub.adopt(stored);
  let problems: readonly string[] = [];
  let reading = Promise.resolve();
  const read = async () => {
    const text = await readOrUndefined(path);
    if (typeof text !== "string") {
      // A file that is away is not an empty file: what ran goes on.
      const isMissed = text !== undefined || hub.revision.routes.length > 0;
      problems = isMissed ? [`${path}: ${text?.problem ?? "the file is gone; its last routes go on"}`] : [];
      return;
    }
    const parsed = parseRoutesFile(text);
    problems = parsed.ok ? [] : parsed.error.map((problem) => problemLine(path, problem));
    for (const problem of problems) log.error(`routes not taken over: ${problem}`);
    if (parsed.ok) await take(parsed.value);
  };
  const take = async (routes: Parameters<Hub["setRoutes"]>[0]) => {
    const before = hub.revision.number;
    const revision = hub.setRoutes(routes);
    if (revision.number === before) return;
    log.info(`revision ${revision.number}: ${routes.length} routes`);
    await keep();
  };
  let unkept: string | undefined;
  let keptNumber = hub.revision.number;
  /** A disk that is full or away is tried again: what runs now must be what runs after a power cut. */
  const keep = async () => {
    const { revision } = hub;
    try {
      await store.save(revision);
      keptNumber = revision.number;
      unkept = undefined;
    } catch (error) {
      const words = `revision ${revision.number} cannot be kept on disk: ${messageOf(error)}`;
      if (words !== unkept) log.error(words);
      unkept = words;
    }
  };
  await read();
  watchFile(path, { interval: lookEvery }, () => {
    reading = reading.then(read);
  });
  const keeping = setInterval(() => {
    if (keptNumber !== hub.revision.number) reading = reading.then(keep);
  }, keepAgainEvery);
  return {
    problems: () => (unkept === undefined ? problems : [...problems, unkept]),
    [Symbol.dispose]: () => {
      clearInterval(keeping);
      unwatchFile(path);
    },
  };
}

/** The text; `undefined` when there is no file; or why it cannot be read. */
async function readOrUndefined(path: string): Promise<string | undefined | { readonly problem: string }> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    return { problem: messageOf(error) };
  }
}
