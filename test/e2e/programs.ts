// Hub and agents as they are shipped: the built bundles in processes of their own, on free ports, each with a
// data folder that is gone afterwards.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { apiPaths, nodesResponse, type NodeView } from "@interactor/shared/wire/api";

const root = join(import.meta.dirname, "../..");
const bundles = {
  hub: join(root, "dist/hub/hub.mjs"),
  agent: join(root, "dist/agent/agent.mjs"),
} as const;

/** What a command in front of the program may be: `["ip", "netns", "exec", "name"]`. */
export interface ProgramOptions {
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Program extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Of the program itself. */
  readonly pid: number;
  /** What it has logged so far. */
  log(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Sends a signal; with one that ends it, resolves when it has ended. */
  signal(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT" | "SIGUSR1"): Promise<void>;
}

/** What an HTTP server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** How long a program may take to say `ready`. Generous: the machine may be busy. */
const readyTimeout = 20_000;

export interface HubProgram extends Program {
  readonly http: string;
  readonly mqtt: string;
  readonly data: string;
  readonly routesFile: string;
  /** To start it again where it was. */
  readonly place: Pick<HubSettings, "data" | "httpPort" | "mqttPort">;
  nodes(): Promise<readonly NodeView[]>;
  node(name: string): Promise<NodeView | undefined>;
  /** Asks for a path such as `/readyz`. */
  get(path: string): Promise<HttpAnswer>;
  /** The sum of a metric's samples whose labels are at least these; `undefined`: there is no such sample. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
}

export interface HubSettings extends ProgramOptions {
  /** Text of `routes.yaml`. */
  readonly routes?: string;
  readonly site?: string;
  /** An earlier hub's folder and ports, to start it again. */
  readonly data?: string;
  readonly httpPort?: number;
  readonly mqttPort?: number;
  /** How to reach it over HTTP when it stands in another network. */
  readonly fetch?: (url: string) => Promise<HttpAnswer>;
}

export async function startHub(settings: HubSettings = {}): Promise<HubProgram> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await folderFor("hub", settings.data));
  const routesFile = join(folder.path, "routes.yaml");
  if (settings.routes !== undefined) await writeFile(routesFile, settings.routes);
  const program = undo.use(
    launch(bundles.hub, settings, [
      ["--data", folder.path],
      ["--site", settings.site ?? "demo"],
      ["--http-port", String(settings.httpPort ?? 0)],
      ["--mqtt-port", String(settings.mqttPort ?? 0)],
    ]),
  );
  const line = await program.firstLine;
  const [, http, mqtt] = /^ready (\S+) mqtt (\S+)$/.exec(line) ?? [];
  if (http === undefined || mqtt === undefined) throw new Error(`the hub said "${line}"\n${program.log()}`);
  const portOf = (address: string) => Number(/:(\d+)$/.exec(address)?.[1]);
  const get = (path: string) => (settings.fetch ?? fetchHere)(`${http}${path}`);
  const nodes = async () => nodesResponse.parse(JSON.parse((await get(apiPaths.nodes)).text)).nodes;
  const kept = undo.move();
  return {
    ...program,
    http,
    mqtt: `mqtt://${mqtt}`,
    data: folder.path,
    routesFile,
    place: { data: folder.path, httpPort: portOf(http), mqttPort: portOf(mqtt) },
    nodes,
    node: async (name) => (await nodes()).find(({ node }) => node === name),
    get,
    metric: async (name, labels = {}) => sumOf((await get(apiPaths.metrics)).text, name, labels),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function fetchHere(url: string): Promise<HttpAnswer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return { status: response.status, text: await response.text() };
}

/** Reads Prometheus' text format. */
function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const samples = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((each) => line.includes(each)))
    .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  return samples.length === 0 ? undefined : samples.reduce((sum, value) => sum + value, 0);
}

interface InstanceFile {
  readonly module: string;
  readonly settings?: unknown;
  /** Of a module that others have written. */
  readonly bundle?: string;
  readonly leases?: Readonly<Record<string, string>>;
}

export interface AgentSettings extends ProgramOptions {
  readonly node: string;
  /** `mqtt://…` */
  readonly hub: string;
  readonly site?: string;
  /** As in node.json. */
  readonly instances?: Readonly<Record<string, InstanceFile>>;
  /** An earlier agent's folder, to start it again. */
  readonly data?: string;
  readonly zones?: readonly string[];
}

export interface AgentProgram extends Program {
  readonly data: string;
}

export async function startAgent(settings: AgentSettings): Promise<AgentProgram> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await folderFor("agent", settings.data));
  if (settings.instances !== undefined) {
    await writeFile(join(folder.path, "node.json"), JSON.stringify({ instances: settings.instances }));
  }
  const program = undo.use(
    launch(bundles.agent, settings, [
      ["--data", folder.path],
      ["--site", settings.site ?? "demo"],
      ["--node", settings.node],
      ["--hub", settings.hub],
      ...(settings.zones ?? []).map((zone) => ["--zone", zone] as const),
    ]),
  );
  const line = await program.firstLine;
  if (line !== "ready") throw new Error(`the agent said "${line}"\n${program.log()}`);
  const kept = undo.move();
  return { ...program, data: folder.path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Asks `look` until it gives something that is not undefined or false. Fails with `what` after `timeout` ms. */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
  timeout = 10_000,
): Promise<Found> {
  const deadline = performance.now() + timeout;
  let problem: unknown;
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within ${timeout} ms: ${what}`, { cause: problem });
}

interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** A given folder belongs to whoever gave it and stays. */
async function folderFor(kind: string, given: string | undefined): Promise<Folder> {
  const path = given ?? (await mkdtemp(join(tmpdir(), `interactor-${kind}-`)));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      if (given === undefined) await rm(path, { recursive: true, force: true });
    },
  };
}

function launch(
  bundle: string,
  { prefix = [], env = {} }: ProgramOptions,
  options: readonly (readonly [option: string, value: string])[],
): Program & { readonly firstLine: Promise<string> } {
  const [command = "", ...more] = [...prefix, process.execPath, bundle, ...options.flat()];
  const child = spawn(command, more, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let logged = "";
  child.stderr.on("data", (chunk: Buffer) => {
    logged = (logged + chunk.toString()).slice(-200_000);
  });
  const exited = once(child, "exit").then(
    ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? -1,
  );
  const program: Program = {
    process: child,
    pid: child.pid ?? -1,
    log: () => logged,
    exited,
    signal: async (signal) => {
      child.kill(signal);
      if (signal === "SIGKILL" || signal === "SIGTERM") await exited;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
      await exited;
      clearTimeout(timer);
    },
  };
  return { ...program, firstLine: firstLineOf(child, exited) };
}

async function firstLineOf(child: ChildProcess, exited: Program["exited"]): Promise<string> {
  if (child.stdout === null) throw new Error("no standard output");
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line").then(([text]: string[]) => text ?? "");
  const ended = exited.then((code) => `(nothing, and ended with ${code})`);
  const late = new Promise<string>((resolve) => {
    setTimeout(() => resolve("(nothing in time)"), readyTimeout).unref();
  });
  return Promise.race([line, ended, late]);
}
