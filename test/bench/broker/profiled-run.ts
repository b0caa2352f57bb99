/** One load on our hub under Node's CPU profiler: where its time goes, function by function. */
import { mkdir, readFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../../deploy/layout.ts";
import { busiestFunctions, type ProfiledFunction, type SourcePlace } from "./cpu-profile.ts";
import { buildGenerator, type Figures, type Generator, optionsOf } from "./generator.ts";
import { durablePlans } from "./durable-ingest.ts";
import { ingest } from "./ingest.ts";
import { argumentsOf, loads } from "./loads.ts";
import { RoutedHub } from "./routed-hub.ts";
import { startBroker } from "./subject-process.ts";
import { launchHub } from "./subjects.ts";

/** Not a bench of its own but the second way of two of them. */
const inProcess = "ingest";
/** Names that `--profile` takes. */
export const profiled: readonly string[] = [...loads, ...durablePlans, { name: inProcess }].map(
  ({ name }) => name,
);

/** Long beside the hub's start, which is in the profile too. The last word of an option counts. */
const seconds = 8;
const shownFunctions = 10;
/** Half of Node's own interval: twice the samples, at a per cent or two of the time. */
const samplingMicros = 500;

export interface ProfiledRun {
  /** Where the profile is; Chromium's developer tools and other viewers open it. */
  readonly path: string;
  readonly text: string;
}

export async function profileLoad(name: string, signal: AbortSignal): Promise<ProfiledRun> {
  await using stack = new AsyncDisposableStack();
  const artifacts = join(root, "test/artifacts");
  const file = `${name}.cpuprofile`;
  await mkdir(artifacts, { recursive: true });
  const generator = stack.use(await buildGenerator());
  const profiler = optionsOf({
    "cpu-prof-interval": samplingMicros,
    "cpu-prof-dir": artifacts,
    "cpu-prof-name": file,
  });
  const figures = await loadedHub(name, ["--cpu-prof", ...profiler], generator, signal);
  const { cpu_s_per_100k: cost = Number.NaN, rate = Number.NaN } = figures;
  const path = join(artifacts, file);
  const functions = busiestFunctions(await readFile(path, "utf8"), shownFunctions);
  const head = `${name}: ${cost.toFixed(3)} CPU-s per 100,000 at ${rate.toFixed(0)}/s, with the profiler's own cost`;
  return { path, text: [head, "", await summaryOf(functions)].join("\n") };
}

/** Starts a hub for the load, and ends it in good order: the profile is written then. */
async function loadedHub(
  name: string,
  nodeOptions: readonly string[],
  generator: Generator,
  signal: AbortSignal,
): Promise<Figures> {
  const plan = durablePlans.find((each) => each.name === name);
  if (plan !== undefined) {
    await using routed = await RoutedHub.start(nodeOptions);
    return await routed.ingest({ ...plan, seconds }, generator, signal);
  }
  await using hub = await startBroker((place) => launchHub(place, nodeOptions));
  if (name === inProcess)
    return (await ingest(hub, { shape: "burst", samples: 1, seconds }, generator, signal)).figures;
  const load = loads.find((each) => each.name === name);
  const shape = load?.shapes[0];
  if (load === undefined || shape === undefined) throw new Error(`no load ${name}`);
  const { port, pid } = hub;
  return await generator.run([...argumentsOf(load, shape), ...optionsOf({ seconds, port, pid })], signal);
}

/** Share and time of each function itself, and where it stands in our sources. */
async function summaryOf(functions: readonly ProfiledFunction[]): Promise<string> {
  const lines = ["  self      ms  function"];
  for (const { name, share, milliseconds, place } of functions) {
    const percent = `${(share * 100).toFixed(1)} %`;
    const where = await sourceOf(place);
    lines.push(`${percent.padStart(6)}  ${milliseconds.toFixed(0).padStart(6)}  ${name}  ${where}`.trimEnd());
  }
  return lines.join("\n");
}

const maps = new Map<string, SourceMap | undefined>();

/** By the bundle's source map; Node's own files and what has no file stay as they are. */
async function sourceOf({ url, line, column }: SourcePlace): Promise<string> {
  if (!url.startsWith("file:")) return url === "" ? "" : `${url}:${line}`;
  const path = fileURLToPath(url);
  if (!maps.has(path)) maps.set(path, await mapOf(path));
  const entry = maps.get(path)?.findEntry(line - 1, column - 1);
  if (entry === undefined || !("originalSource" in entry)) return `${relative(root, path)}:${line}`;
  // The bundle was moved after it was made, so its way to the sources begins a folder too high.
  const source = entry.originalSource.replace(/^(\.\.\/)+/, "");
  return `${source}:${entry.originalLine + 1}`;
}

async function mapOf(bundle: string): Promise<SourceMap | undefined> {
  try {
    return new SourceMap(JSON.parse(await readFile(`${bundle}.map`, "utf8")));
  } catch {
    return undefined;
  }
}
