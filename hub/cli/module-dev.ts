/** `interactor module dev`: an agent on this machine runs the module while it is written, each time it is saved anew. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, watch, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@interactor/shared/kernel/fault";
import { hubArgument } from "./arguments.ts";
import { bundles, forOwnModules } from "./bundles.ts";
import { bringOnto, DevNode, showLog } from "./dev-node.ts";
import { findBroker } from "./hub-client.ts";
import { type BuiltModule, buildModule } from "./module-build.ts";

export interface DevOptions {
  /** Of its broker; with `onto` of the hub itself. */
  readonly hub?: string;
  readonly node: string;
  /** A node of the site instead of an agent here. */
  readonly onto?: string;
  readonly data?: string;
}

/** Editors write a file in several steps: what is saved is built when they have come to rest. */
const restTime = 100;
/** An agent that does not end when it is told to is ended. */
const endTimeout = 5000;

export async function runModuleDev(folder: string, options: DevOptions, signal: AbortSignal): Promise<void> {
  const first = await buildModule(folder);
  // What is saved while the first one starts counts too.
  const saves = savedIn(first.module.folder, signal);
  if (options.onto === undefined) {
    using agent = new DevAgent(first, options);
    await agent.run(first);
    for await (const _ of saves) await agent.run(await builtOrTold(folder));
    return;
  }
  const { hub, data, onto: node } = options;
  const onto = {
    node,
    ...(hub === undefined ? {} : { hub: hubArgument(hub) }),
    ...(data === undefined ? {} : { data }),
  };
  // What it logs while it starts counts too.
  void showLog(onto, first.module.manifest.id, signal);
  const there = new DevNode(bringOnto(onto));
  await there.run(first, signal);
  for await (const _ of saves) await there.run(await builtOrTold(folder), signal);
}

/** What does not build is told, and what runs goes on. */
async function builtOrTold(folder: string): Promise<BuiltModule | undefined> {
  try {
    return await buildModule(folder);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return undefined;
  }
}

/** Gives once for all that was saved together since it was called. What the build writes is not what somebody saves. */
function savedIn(folder: string, signal: AbortSignal): AsyncGenerator<true> {
  let isSaved = false;
  let wake = (): void => undefined;
  const look = async (): Promise<void> => {
    for await (const { filename } of watch(folder, { recursive: true, signal })) {
      if (filename === null || /^(?:dist|node_modules|\.git)(?:\/|$)/.test(filename)) continue;
      isSaved = true;
      wake();
    }
  };
  const looking = look();
  // Whoever waits hears of it; while nobody does, it is the end of the command that is on its way.
  looking.catch(() => undefined);
  return (async function* saves() {
    while (!signal.aborted) {
      if (!isSaved) await Promise.race([looking, new Promise<void>((resolve) => (wake = resolve))]);
      await sleep(restTime, undefined, { signal });
      isSaved = false;
      yield true as const;
    }
  })();
}

class DevAgent implements Disposable {
  readonly #data: string;
  readonly #options: DevOptions;
  #child: ChildProcess | undefined;
  #sha256 = "";

  constructor({ module }: BuiltModule, options: DevOptions) {
    this.#data = join(module.folder, "dist", "dev-agent");
    this.#options = options;
  }

  /** The same bundle with the same settings is left running. */
  async run(built: BuiltModule | undefined): Promise<void> {
    if (built === undefined) return;
    const { module, file, sha256 } = built;
    const { id } = module.manifest;
    const instances = { [id]: { module: id, bundle: file, settings: module.example } };
    const nodeJson = JSON.stringify({ instances });
    if (this.#sha256 === sha256 + nodeJson) return;
    this.#sha256 = sha256 + nodeJson;
    await this.#end();
    await mkdir(this.#data, { recursive: true });
    const config = join(this.#data, "node.json");
    await writeFile(config, nodeJson);
    process.stderr.write(`runs ${id} as ${this.#options.node}/${id}, ${sha256.slice(0, 12)}\n`);
    const { hub, node, data } = this.#options;
    const words = ["--data", this.#data, "--config", config, "--node", node, ...forOwnModules];
    const broker = hub ?? (await findBroker(data, process.env));
    if (broker !== undefined) words.push("--hub", broker);
    this.#child = spawn(process.execPath, [bundles.agent, ...words], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.#child.once("error", (error) => {
      process.stderr.write(`the agent does not start: ${messageOf(error)}
`);
    });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), endTimeout);
    await once(child, "exit");
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.#child?.kill("SIGTERM");
  }
}
