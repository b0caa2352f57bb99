/** What a critical message takes from node to node: at rest, and while a hundred agents keep the hub at 70 % of what it can. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lane } from "@interactor/shared/wire/lanes";
import { LightNode } from "../../e2e/delivery/light-node.ts";
import { eventually, type HubProgram, startHub } from "../../e2e/programs.ts";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { buildGenerator, type Figures, type Generator, optionsOf } from "../broker/generator.ts";
import { ingestFiles } from "../broker/ingested-batch.ts";
import { benchSite } from "../broker/subjects.ts";
import { addLatencies } from "./latencies.ts";

const runs = 3;
/** Critical messages of one run at rest and under load, and how far apart they are, in ms. */
const pace = { messages: 300, interval: 20 };
const loadShare = 0.7;
/** Below this share of what was asked for we would measure another load. */
const shareMin = 0.9;
const agents = 100;
/** How long it is saturated, in s, each time; and how long the load lasts around the critical messages. */
const saturation = { warm: 1, seconds: 3 };
const loadLead = 1;

export const criticalUnderLoad: Bench = {
  name: "critical-under-load",
  about: "critical messages from node to node, at rest and at 70 % of the readings that the hub can take in",
  run,
};

const routes = "routes:\n  - { name: alarm, from: source/sim/alarm, to: target/sim/alarm, lane: critical }\n";

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(criticalUnderLoad.name);
  await using generator = await buildGenerator();
  for (let count = 1; count <= runs; count += 1) {
    await using stack = new AsyncDisposableStack();
    const hub = stack.use(await startHub({ site: benchSite, routes }));
    const pair = await openPair(hub, stack);
    progress(`run ${count} of ${runs}: at rest`);
    addLatencies(samples, "at rest", "critical", await timeCriticals(pair, signal));

    progress(`run ${count} of ${runs}: what the hub can take in`);
    const most = await loaded(generator, hub, saturation, signal);
    samples.add("at its most", "readings taken in", "1/s", most["rate"] ?? Number.NaN);
    samples.add("at its most", "hub cpu", "% of a core", 100 * (most["cpu_share"] ?? Number.NaN));

    const rate = Math.round(loadShare * (most["rate"] ?? Number.NaN));
    progress(`run ${count} of ${runs}: ${rate} readings a second`);
    const span = (pace.messages * pace.interval) / 1000;
    const load = loaded(generator, hub, { rate, warm: loadLead / 2, seconds: span + loadLead }, signal);
    await sleep(1000 * loadLead, undefined, { signal });
    addLatencies(samples, "at 70 %", "critical", await timeCriticals(pair, signal));
    const figures = await load;
    const share = (figures["rate"] ?? Number.NaN) / rate;
    if (!(share >= shareMin))
      throw new Error(`of ${rate} readings a second only ${figures["rate"]} were taken in`);
    samples.add("at 70 %", "readings taken in", "1/s", figures["rate"] ?? Number.NaN);
    samples.add("at 70 %", "hub cpu", "% of a core", 100 * (figures["cpu_share"] ?? Number.NaN));
    samples.add(
      "at 70 %",
      "their confirmation, p50",
      "ms",
      (figures["confirmation_p50_us"] ?? Number.NaN) / 1000,
    );
  }
  return samples.rows();
}

interface Pair {
  readonly source: LightNode;
  readonly lates: number[];
}

async function openPair(hub: HubProgram, stack: AsyncDisposableStack): Promise<Pair> {
  const at = { port: hub.place.mqttPort ?? 0, site: benchSite };
  const lates: number[] = [];
  const alarm = { type: "float" } as const;
  stack.use(
    await LightNode.connect({ ...at, node: "target", inputs: { alarm } }, (batch, confirm) => {
      for (const { body } of batch.entries) lates.push(performance.now() - Number(body));
      confirm();
    }),
  );
  const outputs = { alarm: { ...alarm, deliver: "every" } } as const;
  return { source: stack.use(await LightNode.connect({ ...at, node: "source", outputs })), lates };
}

async function timeCriticals({ source, lates }: Pair, signal: AbortSignal): Promise<readonly number[]> {
  lates.length = 0;
  for (let sent = 0; sent < pace.messages; sent += 1) {
    source.publish(lane.critical, "alarm", [performance.now()]);
    await sleep(pace.interval, undefined, { signal });
  }
  await eventually("every critical message", () => lates.length === pace.messages);
  return [...lates];
}

/** Agents that publish durable readings, one a message and a write; as many as are taken, unless there is a rate. */
async function loaded(
  generator: Generator,
  hub: HubProgram,
  shape: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "interactor-load-"));
  try {
    const place = { port: hub.place.mqttPort ?? 0, pid: hub.pid, publishers: agents, burst: 1 };
    const { args } = await ingestFiles(folder);
    return await generator.run(["ingest", ...optionsOf({ ...place, ...shape }), ...args], signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}
