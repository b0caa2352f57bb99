/** `interactor module run`: an instance of a published module comes into the site's newest revision, and so to its node. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { builtInNames } from "@interactor/shared/bundle/built-in-names";
import { nearest } from "@interactor/shared/kernel/nearest";
import { setInYaml } from "@interactor/shared/site/yaml-edit";
import { YamlText } from "@interactor/shared/site/yaml-text";
import type { SiteFilesBody } from "@interactor/shared/wire/api-config";
import { applyFiles, type RolloutArguments } from "./config-apply.ts";
import { fetchHistory, fetchRevision } from "./config-client.ts";
import { valueOf } from "./config-set.ts";
import { dataFolders } from "./data-folders.ts";
import { commandFault, exitCode } from "./exit.ts";
import { fetchNodes, findHub, type HubAddress } from "./hub-client.ts";
import { printable } from "./output.ts";
import { filesOf } from "./site-payload.ts";
import { replaceText } from "./text-file.ts";

export interface RunOptions extends RolloutArguments {
  readonly node?: string;
  /** What the instance is called; default: as the module is. */
  readonly as?: string;
  readonly set?: readonly string[];
  readonly failsafe?: string;
  readonly yes?: boolean;
}

export async function runModuleRun(module: string, options: RunOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const { base, site } = await newestSite(hub);
  const node = nodeMeant(site, options.node);
  const instance = options.as ?? module;
  const wanted = { node, instance, module, set: options.set ?? [], failsafe: options.failsafe };
  const files = withInstance(site, wanted);
  const message = options.message ?? `${module} runs on ${node}`;
  const onMade = (): void => {
    for (const words of keepOnDisk(site, files, options.data)) process.stderr.write(`${words}\n`);
  };
  await applyFiles(hub, { file: site.root, files, base, onMade }, { ...options, message }, signal);
  if (options.json !== true && options.wait && process.exitCode !== exitCode.notEverywhere)
    await tellWhere(hub, wanted);
}

/** What somebody else applies from now on must not be undone by what is made of this. */
async function newestSite(hub: HubAddress): Promise<{ readonly base: number; readonly site: SiteFilesBody }> {
  const [newest] = await fetchHistory(hub, 1);
  if (newest === undefined)
    throw commandFault("NOT_FOUND", "the hub has no revision yet: interactor config apply site.yaml -m …");
  const { root, files } = await fetchRevision(hub, newest.number);
  if (Object.keys(files).length > 0) return { base: newest.number, site: { root, files } };
  const words = `revision ${newest.number} was made of routes.yaml: give the hub a site file (interactor config init)`;
  throw commandFault("NOT_FOUND", words);
}

interface WantedInstance {
  readonly node: string;
  readonly instance: string;
  readonly module: string;
  /** As `name=value`. */
  readonly set: readonly string[];
  readonly failsafe: string | undefined;
}

/** The site's files with this instance in them; one that is there goes on with what is not said anew. */
export function withInstance(site: SiteFilesBody, wanted: WantedInstance): SiteFilesBody {
  const { node, instance, module } = wanted;
  const [file, before] = fileOf(site, node);
  const there = memberOf(before, ["nodes", node, "instances", instance]);
  const other = memberOf(there, ["module"]);
  if (there !== undefined && other !== module) {
    const words = `${node} has an instance "${instance}" of the module ${String(other)}: name another one with --as`;
    throw commandFault("USAGE", printable(words));
  }
  const place = ["nodes", node, "instances", instance];
  let text = site.files[file] ?? "";
  const put = (path: readonly string[], value: string): void => {
    const edited = setInYaml(text, [...place, ...path], valueOf(value));
    if (!edited.ok) throw commandFault("USAGE", `${file}: ${edited.error}`);
    text = edited.value.text;
  };
  if (there === undefined) put(["module"], module);
  for (const [name, value] of wanted.set.map(settingIn)) put(["settings", ...name.split(".")], value);
  if (wanted.failsafe !== undefined) put(["failsafe"], wanted.failsafe);
  return { root: site.root, files: { ...site.files, [file]: text } };
}

function settingIn(words: string): readonly [name: string, value: string] {
  const at = words.indexOf("=");
  if (at < 1) throw commandFault("USAGE", `--set "${words}": write name=value`);
  return [words.slice(0, at), words.slice(at + 1)];
}

/** The file in which the node stands: a site may have several, and a name stands in one of them. */
function fileOf(site: SiteFilesBody, node: string): readonly [file: string, content: unknown] {
  for (const [file, text] of Object.entries(site.files)) {
    const { value } = new YamlText(text);
    if (memberOf(value, ["nodes"]) !== undefined && nodesIn(value).includes(node)) return [file, value];
  }
  const known = nodesOf(site);
  const hint = nearest(node, known) ?? `there are ${known.join(", ") || "none yet"}`;
  throw commandFault("NOT_FOUND", printable(`the site has no node "${node}" (${hint})`));
}

const nodesOf = (site: SiteFilesBody): readonly string[] =>
  Object.values(site.files).flatMap((text) => nodesIn(new YamlText(text).value));

function nodesIn(content: unknown): readonly string[] {
  const nodes = memberOf(content, ["nodes"]);
  return typeof nodes === "object" && nodes !== null ? Object.keys(nodes) : [];
}

function nodeMeant(site: SiteFilesBody, given: string | undefined): string {
  const nodes = nodesOf(site);
  const [only] = nodes;
  if (given !== undefined) return given;
  if (only !== undefined && nodes.length === 1) return only;
  throw commandFault(
    "USAGE",
    printable(`say on which node, with --node: ${nodes.join(", ") || "there is none"}`),
  );
}

function memberOf(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}

/**
 * What people edit on this machine is what they apply next: where it is what ran until now, the instance comes into it
 * too. Where it is not, they have begun something, which stays as it is; they are told.
 */
export function keepOnDisk(
  before: SiteFilesBody,
  after: SiteFilesBody,
  data: string | undefined,
): readonly string[] {
  const folders = [".", ...dataFolders(data, process.env)];
  const files = folders
    .map((folder) => join(folder, basename(before.root)))
    .filter((file) => existsSync(file));
  return files.slice(0, 1).flatMap((file) => {
    if (!isTheSame(filesOf(file), before))
      return [
        `${file} is not what ran until now, and stays as it is: put the instance into it before you apply it`,
      ];
    const changed = Object.entries(after.files).filter(([name, text]) => text !== before.files[name]);
    for (const [name, text] of changed) replaceText(join(dirname(file), name), text);
    return changed.map(([name]) => `${join(dirname(file), name)} has it too`);
  });
}

const isTheSame = ({ files: left }: SiteFilesBody, { files: right }: SiteFilesBody): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([name, text]) => right[name] === text);

/** Where it runs, where its values can be seen, and what holds it less than it should. */
async function tellWhere(hub: HubAddress, { node, instance, module }: WantedInstance): Promise<void> {
  const view = (await fetchNodes(hub)).nodes.find((each) => each.node === node);
  const report = view?.instances[instance];
  if (view === undefined || report === undefined) return;
  const where = builtInNames.has(module) ? "" : " in a sandbox";
  const why = report.reason === undefined ? "" : `: ${report.reason}`;
  const lines = [
    `${node}/${instance} is ${report.state}${where}${why}`,
    ...view.reasons.map((reason) => `! ${node}: ${reason}`),
    `its values: npx interactor tap '${node}/${instance}/+', or ${hub.url}`,
  ];
  process.stdout.write(`${lines.map(printable).join("\n")}\n`);
}
