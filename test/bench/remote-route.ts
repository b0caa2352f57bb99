/** Across nodes: a line at one agent, over the hub, to a frame of light at another; and what that costs. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "../e2e/programs.ts";
import { Light } from "../e2e/light.ts";
import { openTtyPair } from "../e2e/tty-pair.ts";
import { type Bench, type BenchContext, Samples } from "./bench.ts";
import {
  addTimed,
  type Chain,
  lightInstance,
  requireSocat,
  serialInstance,
  timeChanges,
  untilLit,
} from "./changes.ts";
import { cpuSecondsOf } from "./usage-of.ts";

const runs = 3;
const pace = { changes: 200, interval: 100 };
/** 200 a second for 5 s. */
const steady = { messages: 1000, interval: 5 };
/** What the clock of processes can tell apart is 10 ms; below this share of what was said we measure something else. */
const passedShareMin = 0.5;

export const remoteRoute: Bench = {
  name: "remote-route",
  about:
    "a serial line at one agent over the hub to an sACN frame at another, and CPU at 200 messages a second",
  run,
};

interface Site {
  readonly hub: HubProgram;
  readonly source: AgentProgram;
  readonly target: AgentProgram;
  readonly chain: Chain;
}

async function run({ signal, progress }: BenchContext) {
  requireSocat();
  const samples = new Samples(remoteRoute.name);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}: ${pace.changes} changes, ${pace.interval} ms apart`);
    await using stack = new AsyncDisposableStack();
    const site = await openSite(stack);
    await untilLit(site.chain, signal);
    for (const outcome of await timeChanges([site.chain], pace, signal)) {
      addTimed(samples, site.chain.subject, outcome);
    }
    progress(`run ${count} of ${runs}: CPU of ${steady.messages} messages`);
    await addCpu(samples, site, signal);
  }
  return samples.rows();
}

async function openSite(stack: AsyncDisposableStack): Promise<Site> {
  const tty = stack.use(await openTtyPair());
  const light = stack.use(await Light.open());
  const routes = "routes:\n  - { name: bench, from: source/line/level, to: target/light/ch1 }\n";
  const hub = stack.use(await startHub({ routes }));
  const ends = { source: { line: serialInstance(tty.path) }, target: { light: lightInstance(light.port) } };
  const source = stack.use(await startAgent({ node: "source", hub: hub.mqtt, instances: ends.source }));
  const target = stack.use(await startAgent({ node: "target", hub: hub.mqtt, instances: ends.target }));
  return { hub, source, target, chain: { subject: "interactor", tty, light } };
}

async function addCpu(samples: Samples, site: Site, signal: AbortSignal): Promise<void> {
  const { tty } = site.chain;
  const programs = { hub: site.hub, "source agent": site.source, "target agent": site.target };
  const pids = Object.entries(programs).map(([subject, { pid }]) => ({ subject, pid }));
  const cpus = () => Promise.all(pids.map(({ pid }) => cpuSecondsOf(pid)));
  await sleep(500, undefined, { signal });

  const passedBefore = await passedBy(site.hub);
  const before = await cpus();
  const startedAt = performance.now();
  for (let message = 1; message <= steady.messages; message += 1) {
    tty.say(String(1 + (message % 250)));
    const due = startedAt + message * steady.interval;
    if (due > performance.now()) await sleep(due - performance.now(), undefined, { signal });
  }
  await sleep(200, undefined, { signal });
  const after = await cpus();
  const passed = (await passedBy(site.hub)) - passedBefore;

  if (passed < steady.messages * passedShareMin) {
    throw new Error(`of ${steady.messages} messages only ${passed} passed the route`);
  }
  for (const [index, { subject }] of pids.entries()) {
    const spent = (after[index] ?? Number.NaN) - (before[index] ?? Number.NaN);
    samples.add(subject, "cpu per 1,000 messages", "s", (spent * 1000) / passed);
  }
  samples.add("interactor", "messages routed of 1,000", "messages", (passed * 1000) / steady.messages);
}

/** Values the hub's route has let through so far. */
async function passedBy(hub: HubProgram): Promise<number> {
  return eventually("the route's counter", async () => {
    const response = await fetch(`${hub.http}/metrics`, { signal: AbortSignal.timeout(2000) });
    const line = /^interactor_hub_route_runs_total\{(?=[^}]*result="passed")[^}]*\} (\d+)$/m;
    const count = line.exec(await response.text())?.[1];
    return count === undefined ? undefined : Number(count);
  });
}
