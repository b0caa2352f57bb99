/** From a press of stop to the dark frame at another node, while other nodes publish. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seconds } from "@interactor/shared/kernel/units";
import { Light } from "../e2e/light.ts";
import { eventually, type HubProgram, startAgent, startHub } from "../e2e/programs.ts";
import { untilRunning } from "../e2e/room.ts";
import { Visitor } from "../e2e/visitor.ts";
import { type Bench, type BenchContext, percentile, Samples } from "./bench.ts";
import { lightInstance } from "./changes.ts";

const runs = 3;
/** Stops of one run over a session that is open. */
const stops = 100;
/** Stops of one run by a command of its own. */
const commands = 12;
const load = { agents: 4, rate: 2000 };
/** Below this share of the load we would measure an idle hub. */
const loadShareMin = 0.7;
const lit = 200;
/** A frame that repeats a look comes up to 45 ms after it; from then on the universe rests. In ms. */
const restAfter = 90;
/** Between two changes of a universe that does not rest, in ms: more often than frames can be sent. */
const motionInterval = 8;
const cli = join(import.meta.dirname, "../../dist/cli/interactor.mjs");

export const showStop: Bench = {
  name: "show-stop",
  about: "from a press of stop to the dark sACN frame at another node, under 2,000 readings a second",
  run,
};

interface Stage {
  readonly hub: HubProgram;
  readonly light: Light;
  readonly visitor: Visitor;
}

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(showStop.name);
  for (let count = 1; count <= runs; count += 1) {
    await using stack = new AsyncDisposableStack();
    const stage = await openStage(stack);
    samples.add("other nodes' readings", "rate", "1/s", await loadOf(stage.hub, signal));
    progress(`run ${count} of ${runs}: ${stops} stops of a universe at rest`);
    const atRest = await timeStops(stage, stops, () => sleep(restAfter, undefined, { signal }));
    add(samples, "latch, universe at rest", atRest);
    progress(`run ${count} of ${runs}: ${stops} stops of a universe in motion`);
    const inMotion = await timeStops(stage, stops, () => move(stage, signal));
    add(samples, "latch, universe in motion", inMotion);
    const share = percentile(inMotion, 0.5) - percentile(atRest, 0.5);
    samples.add("frame clock's share of it", "p50", "ms", share);
    progress(`run ${count} of ${runs}: ${commands} times \`interactor stop\``);
    add(samples, "interactor stop, whole process", await timeCommands(stage, signal));
  }
  return samples.rows();
}

async function openStage(stack: AsyncDisposableStack): Promise<Stage> {
  const light = stack.use(await Light.open());
  const hub = stack.use(await startHub());
  const instances = { stage: lightInstance(light.port) };
  stack.use(await startAgent({ node: "target", hub: hub.mqtt, instances }));
  await untilRunning(hub, "target");
  await startLoad(hub, stack);
  const visitor = stack.use(await Visitor.connect(hub.mqtt, []));
  await visitor.set("target/stage/ch1", lit, { holdFor: seconds(3600) });
  await eventually("light", () => light.level(1) === lit);
  return { hub, light, visitor };
}

async function startLoad(hub: HubProgram, stack: AsyncDisposableStack): Promise<void> {
  const file = join(import.meta.dirname, "telemetry-load.ts");
  const words = [file, hub.mqtt, String(load.agents), String(load.rate)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const outcome = await Promise.race([
    once(child.stdout, "data").then(() => "ready"),
    exited.then(() => "ended"),
  ]);
  if (outcome === "ended") throw new Error("the load ended before it began");
}

/** Other channels change faster than frames can go, for a time that falls anywhere between two frames. */
async function move({ visitor }: Stage, signal: AbortSignal): Promise<void> {
  const end = performance.now() + restAfter + Math.random() * 25;
  for (let level = 1; performance.now() < end; level = (level % 200) + 1) {
    await visitor.set("target/stage/ch2", level, { holdFor: seconds(3600) });
    await sleep(motionInterval, undefined, { signal });
  }
}

/** Each from the call of publish to the first dark frame, in ms. */
async function timeStops(stage: Stage, count: number, prepare: () => Promise<unknown>): Promise<number[]> {
  const latencies: number[] = [];
  while (latencies.length < count) {
    await prepare();
    const pressedAt = performance.now();
    await stage.visitor.latchStop(true);
    latencies.push((await darkSince(stage.light, pressedAt)) - pressedAt);
    await relight(stage);
  }
  return latencies;
}

async function timeCommands(stage: Stage, signal: AbortSignal): Promise<number[]> {
  const latencies: number[] = [];
  while (latencies.length < commands) {
    await sleep(restAfter, undefined, { signal });
    const startedAt = performance.now();
    const child = spawn(process.execPath, [cli, "stop", "--hub", stage.hub.http], { stdio: "ignore" });
    const exited = once(child, "exit");
    latencies.push((await darkSince(stage.light, startedAt)) - startedAt);
    await exited;
    await relight(stage);
  }
  return latencies;
}

/** When the first frame came that is dark. */
function darkSince(light: Light, since: number): Promise<number> {
  return eventually(
    "a dark frame",
    () => light.frames.find(({ at, levels }) => at >= since && levels[0] === 0)?.at,
  );
}

async function relight({ visitor, light }: Stage): Promise<void> {
  await visitor.latchStop(false);
  await eventually("light again", () => light.level(1) === lit);
}

function add(samples: Samples, subject: string, latencies: readonly number[]): void {
  samples.add(subject, "p50", "ms", percentile(latencies, 0.5));
  samples.add(subject, "p99", "ms", percentile(latencies, 0.99));
  samples.add(subject, "max", "ms", percentile(latencies, 1));
}

/** Readings a second, before any stop: what inputs hold is echoed, and would count too. */
async function loadOf(hub: HubProgram, signal: AbortSignal): Promise<number> {
  const taken = async () => (await hub.metric("interactor_hub_messages_total")) ?? 0;
  const before = { taken: await taken(), at: performance.now() };
  await sleep(1000, undefined, { signal });
  const rate = ((await taken()) - before.taken) / ((performance.now() - before.at) / 1000);
  if (rate < load.rate * loadShareMin) throw new Error(`of ${load.rate} readings a second only ${rate} came`);
  return rate;
}
