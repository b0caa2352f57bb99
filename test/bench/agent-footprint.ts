/** What an agent takes of a small machine: its file, its memory by the modules it runs, and the CPU of its start. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { distFolder } from "../../deploy/layout.ts";
import { type AgentSettings, eventually, type HubProgram, startAgent, startHub } from "../e2e/programs.ts";
import { Light } from "../e2e/light.ts";
import { type Bench, type BenchContext, Samples } from "./bench.ts";
import { lightInstance } from "./changes.ts";
import { cpuSecondsOf, type Memory, memoryOf } from "./usage-of.ts";

const runs = 3;
/** Until start-up's garbage has been collected. */
const idleTime = 10_000;
const bareStartTime = 1000;

export const agentFootprint: Bench = {
  name: "agent-footprint",
  about: "bundle size, memory without a module and per worker, CPU to connected",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(agentFootprint.name);
  const bundle = Buffer.concat(await withParts(join(distFolder, "agent/agent.mjs")));
  samples.add("agent bundle", "size", "kB", bundle.length / 1000);
  samples.add("agent bundle", "size gzipped", "kB", gzipSync(bundle).length / 1000);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}: ${idleTime / 1000} s idle`);
    await measureOnce(samples, signal);
  }
  return samples.rows();
}

/** The text of a program and of all parts that are named in it. */
async function withParts(file: string, seen = new Set<string>()): Promise<readonly Buffer[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = await readFile(file);
  const parts: Buffer[] = [text];
  for (const [, name = ""] of text.toString().matchAll(/"\.\/(part-[\w.-]+\.mjs)"/g))
    parts.push(...(await withParts(join(dirname(file), name), seen)));
  return parts;
}

interface Started {
  readonly subject: string;
  readonly pid: number;
}

async function measureOnce(samples: Samples, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const light = stack.use(await Light.open());
  const hub = stack.use(await startHub());
  const shared = { sensor: { module: "simulated" } };
  const own = { light: lightInstance(light.port) };

  // One after the other: at their start they would be in each other's way.
  const bare = await startBareNode(stack, samples, signal);
  const start = (subject: string, node: string, instances: AgentSettings["instances"] = {}) =>
    startCounted(stack, samples, { subject, hub, signal, settings: { node, instances } });
  const none = await start("agent, no module", "none");
  const sharedOnly = await start("agent, shared worker", "shared", shared);
  const ownOnly = await start("agent, own worker", "own", own);
  const both = await start("agent, both workers", "both", { ...shared, ...own });
  await sleep(idleTime, undefined, { signal });

  const memories = new Map<Started, Memory>();
  for (const each of [bare, none, sharedOnly, ownOnly, both]) memories.set(each, await memoryOf(each.pid));
  const rss = (of: Started): number => memories.get(of)?.rss ?? Number.NaN;
  for (const [{ subject }, memory] of memories) {
    samples.add(subject, "rss", "MB", memory.rss);
    samples.add(subject, "rss, not shared", "MB", memory.anonymous);
    samples.add(subject, "pss", "MB", memory.pss);
  }
  samples.add("first worker (shared)", "rss more than without", "MB", rss(sharedOnly) - rss(none));
  samples.add("first worker (own)", "rss more than without", "MB", rss(ownOnly) - rss(none));
  samples.add("second worker (own)", "rss more than without", "MB", rss(both) - rss(sharedOnly));
}

async function startBareNode(
  stack: AsyncDisposableStack,
  samples: Samples,
  signal: AbortSignal,
): Promise<Started> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"], { stdio: "ignore" });
  const exited = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const started = { subject: "bare-node", pid: child.pid ?? -1 };
  await sleep(bareStartTime, undefined, { signal });
  samples.add(started.subject, "cpu to idle", "s", await cpuSecondsOf(started.pid));
  return started;
}

/** Starts an agent and notes what CPU it took until the hub called it ready. */
async function startCounted(
  stack: AsyncDisposableStack,
  samples: Samples,
  given: {
    readonly subject: string;
    readonly hub: HubProgram;
    readonly settings: Omit<AgentSettings, "hub">;
    readonly signal: AbortSignal;
  },
): Promise<Started> {
  const { subject, hub, settings, signal } = given;
  const agent = stack.use(await startAgent({ ...settings, hub: hub.mqtt }));
  const isReady = async () => (await hub.node(settings.node))?.state === "ready";
  await eventually(`${subject}: ready at the hub`, () => signal.aborted || isReady());
  signal.throwIfAborted();
  samples.add(subject, "cpu to connected", "s", await cpuSecondsOf(agent.pid));
  // Its modules start meanwhile; they shall not disturb the next.
  await sleep(500, undefined, { signal });
  return { subject, pid: agent.pid };
}
