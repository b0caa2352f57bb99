/** `interactor module list`, `search` and `show`: what was published to a hub. */
import type * as z from "zod/mini";
import {
  modulesToldMax,
  type RegisteredVersion,
  registryPath,
  registryResponse,
  type RunningModule,
} from "@interactor/shared/bundle/registry-api";
import { counted } from "./config-check.ts";
import { commandFault } from "./exit.ts";
import { fetchApi, findHub, type HubOptions } from "./hub-client.ts";
import { printable } from "./output.ts";

type Registered = z.infer<typeof registryResponse>;

interface Options extends HubOptions {
  readonly json?: boolean;
}

export async function runModuleSearch(words: readonly string[], options: Options): Promise<void> {
  const found = await all(words.join(" "), options);
  if (found.modules.length === 0 && options.json !== true)
    throw commandFault(
      "NOT_FOUND",
      words.length === 0
        ? "nothing is published yet: interactor module publish brings a bundle"
        : "nothing of that is published: interactor module list has all there is",
    );
  print(options, found, searchLines(found));
}

export async function runModuleShow(id: string, options: Options): Promise<void> {
  const found = await ask(`${registryPath}/${encodeURIComponent(id)}`, options);
  if (found.modules.length + found.running.length === 0)
    throw commandFault(
      "NOT_FOUND",
      `nobody has published a module "${id}": interactor module list has all there is`,
    );
  print(options, found, showLines(id, found));
}

/** A line for each module: what it is, who made it, and on how many nodes it runs. */
export function searchLines({ modules, running }: Registered): readonly string[] {
  return modules.map(({ id, version, publisher, title, downloads }) => {
    const nodes = new Set(running.filter(({ module }) => module === id).map(({ node }) => node));
    const use = [
      ...(nodes.size === 0 ? [] : [`runs on ${counted(nodes.size, "node")}`]),
      ...(downloads === 0 ? [] : [`fetched by ${counted(downloads, "node")}`]),
    ];
    return [`${id} ${version}`, publisher, title, ...(use.length === 0 ? [] : [`(${use.join(", ")})`])].join(
      "  ",
    );
  });
}

export function showLines(id: string, { modules, running }: Registered): readonly string[] {
  const [newest] = modules;
  const said =
    newest === undefined
      ? [`${id} is not published here: it comes with every agent, or was withdrawn`]
      : saidOf(newest);
  const runs = running.map((each) => `  ${each.node}/${each.instance}  ${runningWords(each)}`);
  return [
    ...said,
    ...modules.map(
      ({ version, bytes, digest, downloads }) =>
        `${version}  ${bytes} bytes  ${digest.slice(0, 12)}  fetched by ${counted(downloads, "node")}`,
    ),
    ...(runs.length === 0 ? ["it runs nowhere"] : ["runs on:", ...runs]),
  ];
}

function saidOf(newest: RegisteredVersion): readonly string[] {
  const { publisher, title, description, tags, licence, permissions } = newest;
  const said = { publisher, title, description, tags, licence, needs: permissions };
  return Object.entries(said).flatMap(([what, words]) => (words === "" ? [] : [`${what}: ${words}`]));
}

/** What it runs, and where that is not what it shall run, or not known now, that too. */
function runningWords({ version, state, wanted, there }: RunningModule): string {
  const shall = wanted === undefined ? "no revision names it" : `shall run ${wanted}`;
  if (version === undefined) return there ? `nothing yet; ${shall}` : `away; ${shall}`;
  const is = there ? (state ?? "starting") : "away";
  return `${version}  ${is}${wanted === version ? "" : `; ${shall}`}`;
}

/** One answer has so many modules; the others are asked for. */
async function all(words: string, options: Options): Promise<Registered> {
  const found: Registered = { modules: [], running: [] };
  for (let from = 0; ; from += modulesToldMax) {
    const query = new URLSearchParams({ search: words, from: String(from) });
    const { modules, running } = await ask(`${registryPath}?${query}`, options);
    const known = new Set(found.modules.map(({ id }) => id));
    // One with fewer than its most may be without a row that the hub could not read.
    if (modules.every(({ id }) => known.has(id))) return found;
    found.modules.push(...modules);
    found.running.push(...running);
  }
}

const ask = async (path: string, options: HubOptions): Promise<Registered> =>
  fetchApi(await findHub(options, process.env), path, registryResponse);

const print = ({ json }: Options, found: Registered, lines: readonly string[]): void =>
  void process.stdout.write(`${json === true ? JSON.stringify(found) : lines.map(printable).join("\n")}\n`);
