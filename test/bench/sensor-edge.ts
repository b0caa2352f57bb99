/** On one node: a sensor goes on and off, and the light with it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type BenchContext, percentile, Samples } from "./bench.ts";
import { type Chain, requireSocat, untilLit } from "./changes.ts";
import { throughAgent } from "./local-route.ts";

const runs = 3;
const edges = 200;
const interval = 100;
const full = 255;
/** Longer than any frame waits: the last edge has come to light by then, or is missed. */
const afterLast = 500;

export const sensorEdge: Bench = {
  name: "sensor-edge",
  about: "a sensor's edge to the DMX frame that shows it on one agent, edges 100 ms apart",
  run,
};

interface Timed {
  readonly latencies: readonly number[];
  readonly missed: number;
}

async function run({ signal, progress }: BenchContext) {
  requireSocat();
  const samples = new Samples(sensorEdge.name);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}: ${edges} edges, ${interval} ms apart`);
    await using stack = new AsyncDisposableStack();
    const chain = await throughAgent(stack);
    await untilLit(chain, signal);
    const { latencies, missed } = await timeEdges(chain, signal);
    samples.add(chain.subject, "p50", "ms", percentile(latencies, 0.5));
    samples.add(chain.subject, "p99", "ms", percentile(latencies, 0.99));
    samples.add(chain.subject, "max", "ms", percentile(latencies, 1));
    samples.add(chain.subject, "missed", "edges", missed);
  }
  return samples.rows();
}

/** How long each edge took to the first frame that shows its level, in ms. `missed`: the next edge was earlier. */
async function timeEdges({ tty, light }: Chain, signal: AbortSignal): Promise<Timed> {
  // From the dark, so that the first is an edge too.
  tty.say("0");
  await sleep(afterLast, undefined, { signal });
  const saidAt: number[] = [];
  const from = light.frames.length;
  let due = performance.now();
  for (let edge = 0; edge < edges; edge += 1) {
    saidAt.push(performance.now());
    tty.say(String(levelOf(edge)));
    due += interval;
    await sleep(Math.max(due - performance.now(), 1), undefined, { signal });
  }
  await sleep(afterLast, undefined, { signal });
  const frames = light.frames.slice(from);
  const latencies = saidAt.map((at, edge) => {
    const shown = frames.find((frame) => frame.at >= at && frame.levels[0] === levelOf(edge));
    if (shown === undefined) throw new Error(`edge ${edge} never came to light`);
    return shown.at - at;
  });
  const missed = latencies.filter(
    (latency, edge) => (saidAt[edge] ?? 0) + latency >= (saidAt[edge + 1] ?? Number.POSITIVE_INFINITY),
  ).length;
  return { latencies, missed };
}

const levelOf = (edge: number): number => (edge % 2 === 0 ? full : 0);
