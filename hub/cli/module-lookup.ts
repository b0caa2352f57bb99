/** `interactor module list`, `search` and `show`: what was published to a hub. */
import {
  type RegisteredVersion,
  registryPath,
  registryResponse,
} from "@interactor/shared/bundle/registry-api";
import { commandFault } from "./exit.ts";
import type { HubOptions } from "./hub-client.ts";
import { printable } from "./output.ts";
import { decoded, trustAnswer } from "./trust-client.ts";

interface Options extends HubOptions {
  readonly json?: boolean;
}

export async function runModuleSearch(words: readonly string[], options: Options): Promise<void> {
  const path = `${registryPath}?search=${encodeURIComponent(words.join(" "))}`;
  const modules = await ask(path, options);
  if (modules.length === 0 && options.json !== true)
    throw commandFault(
      "NOT_FOUND",
      words.length === 0 ? "nothing is published yet" : "nothing of that is published",
    );
  const lines = modules.map(
    ({ id, version, publisher, title }) => `${id} ${version}  ${publisher}  ${title}`,
  );
  print(options, modules, lines);
}

export async function runModuleShow(id: string, options: Options): Promise<void> {
  const modules = await ask(`${registryPath}/${encodeURIComponent(id)}`, options);
  const [newest] = modules;
  if (newest === undefined) throw commandFault("NOT_FOUND", `nobody has published a module "${id}"`);
  const { publisher, title, description, tags, licence, permissions } = newest;
  const said = { publisher, title, description, tags, licence, needs: permissions };
  print(options, modules, [
    ...Object.entries(said).flatMap(([what, words]) => (words === "" ? [] : [`${what}: ${words}`])),
    ...modules.map(({ version, bytes, digest }) => `${version}  ${bytes} bytes  ${digest.slice(0, 12)}`),
  ]);
}

const ask = async (path: string, options: HubOptions): Promise<readonly RegisteredVersion[]> =>
  decoded(registryResponse, await trustAnswer(options, path)).modules;

const print = ({ json }: Options, modules: readonly RegisteredVersion[], lines: readonly string[]): void =>
  void process.stdout.write(
    `${json === true ? JSON.stringify({ modules }) : lines.map(printable).join("\n")}\n`,
  );
