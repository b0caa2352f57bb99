/**
 * Keeps the hub's routes as `routes.yaml` has them, the small way for a site without a site file. A file that is wrong
 * changes nothing: the routes that ran go on, over a restart too, and every problem is logged with its line.
 */
import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import { messageOf } from "@interactor/shared/kernel/fault";
import { parseRoutesFile } from "@interactor/shared/site/routes-file";
import { problemLine } from "@interactor/shared/site/yaml-text";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { refusalWords } from "../core/revision/refusal.ts";
import type { HubSite } from "../hub-site.ts";
import { allAtOnce } from "../hub-revisions.ts";
import type { Log } from "../ports/log.ts";

export interface RoutesWatch extends Disposable {
  /** What is wrong with the file now; empty: nothing. */
  problems(): readonly string[];
}

/** How often the file is looked at, in ms. Polling sees every editor's way of saving, and network mounts. */
const lookEvery = 1000;
/** How often routes that could not be kept are tried again, in ms. */
const keepAgainEvery = 5000;

export async function watchRoutes(path: string, site: HubSite, log: Log): Promise<RoutesWatch> {
  let problems: readonly string[] = [];
  let reading = Promise.resolve();
  /** Routes that the disk did not take. */
  let unkept: readonly CompiledRoute[] | undefined;
  const read = async () => {
    const text = await readOrUndefined(path);
    if (site.isFromFile) {
      const words = `${path} is not read: the site has a site file, by \`interactor config apply\``;
      if (text !== undefined && problems.length === 0) log.warn(words);
      problems = text === undefined ? [] : [words];
      return;
    }
    if (typeof text !== "string") {
      // A file that is away is not an empty file: what ran goes on.
      const isMissed = text !== undefined || site.routes.length > 0;
      problems = isMissed ? [`${path}: ${text?.problem ?? "the file is gone; its last routes go on"}`] : [];
      return;
    }
    const parsed = parseRoutesFile(text);
    problems = parsed.ok ? [] : parsed.error.map((problem) => problemLine(path, problem));
    for (const problem of problems) log.error(`routes not taken over: ${problem}`);
    if (parsed.ok) await take(parsed.value);
  };
  const take = async (routes: readonly CompiledRoute[]) => {
    const author = "routes.yaml";
    const making = { author, message: `${routes.length} routes`, rollout: allAtOnce };
    const made = await site.revisions.applyRoutes(routes, making);
    unkept = !made.ok && made.error.kind === "unavailable" ? routes : undefined;
    if (made.ok || unkept !== undefined) return;
    problems = refusalWords(made.error).map((words) => `${path}: ${words}`);
    for (const problem of problems) log.error(`routes not taken over: ${problem}`);
  };
  await read();
  watchFile(path, { interval: lookEvery }, () => {
    reading = reading.then(read);
  });
  /** A disk that is full or away is tried again. */
  const keeping = setInterval(() => {
    if (unkept === undefined) return;
    const routes = unkept;
    reading = reading.then(() => (unkept === routes && !site.isFromFile ? take(routes) : undefined));
  }, keepAgainEvery);
  return {
    problems: () => problems,
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
