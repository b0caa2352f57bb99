/** Sixteen universes that merge two desks and go out again: our agent, as it is shipped, beside olad. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BystanderQuestion } from "../../e2e/bystander.ts";
import { type LightCable, openLightCable, receiverAddress, senderAddress } from "../../e2e/light-cable.ts";
import { startOlad } from "../../e2e/olad.ts";
import { type HttpAnswer, type HubProgram, startAgent, startHub } from "../../e2e/programs.ts";
import { Remote } from "../../e2e/remote.ts";
import { untilRunning } from "../../e2e/room.ts";
import { type Bench, type BenchContext, percentile, Samples } from "../bench.ts";
import { cpuSecondsOf } from "../usage-of.ts";
import type { DeskQuestion, Timed } from "./desk-program.ts";

const runs = 3;
const universes = 16;
/** olad's Art-Net has four ports out, so it has a quarter of the work; its figures are per universe. */
const universesOfOlad = 4;
const span = { warmUp: 3000, measured: 8000 };
/** Readings a second, each of which a route on the hub takes to a channel of the agent. */
const load = { agents: universes, rate: 5000 };

export const universesBench: Bench = {
  name: "universes",
  about: "16 universes of two desks merged at 44 Hz, sACN to Art-Net, beside olad",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(universesBench.name);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}: interactor`);
    await ofAgent(samples, signal);
    progress(`run ${count} of ${runs}: olad`);
    await ofOlad(samples, signal);
  }
  return samples.rows();
}

async function ofAgent(samples: Samples, signal: AbortSignal): Promise<void> {
  await using cable = await openLightCable();
  const { prefix } = cable.receiver;
  await using bystander = new Remote([...prefix, process.execPath, besideEnd("bystander.ts")]);
  const fetch = async (url: string): Promise<HttpAnswer> =>
    (await bystander.ask({ kind: "get", url } satisfies BystanderQuestion)) as HttpAnswer;
  await using hub = await startHub({ routes: routesOfLoad(), prefix, fetch });
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt, instances: instances(), prefix });
  await untilRunning(hub, "pi");
  await using desks = await startDesks(cable);

  await measure(samples, "interactor", { desks, pid: agent.pid, count: universes, signal });
  await using _load = await startLoad(hub, prefix);
  const before = await readingsRouted(hub);
  await measure(samples, "interactor, 5,000 msg/s", { desks, pid: agent.pid, count: universes, signal });
  const routed = (await readingsRouted(hub)) - before;
  const seconds = (span.warmUp + span.measured) / 1000;
  samples.add("interactor, 5,000 msg/s", "readings delivered to the agent", "1/s", routed / seconds);
}

async function ofOlad(samples: Samples, signal: AbortSignal): Promise<void> {
  await using olad = await startOlad({ universes: universesOfOlad });
  await using desks = await startDesks({ sender: { prefix: olad.inSender([]) } }, universesOfOlad);
  await measure(samples, "olad, 4 universes", { desks, pid: olad.pid, count: universesOfOlad, signal });
}

interface Measured {
  readonly desks: Remote;
  readonly pid: number;
  /** Universes. */
  readonly count: number;
  readonly signal: AbortSignal;
}

async function measure(
  samples: Samples,
  subject: string,
  { desks, pid, count, signal }: Measured,
): Promise<void> {
  await sleep(span.warmUp, undefined, { signal });
  await desks.ask({ kind: "forget" } satisfies DeskQuestion);
  const before = await cpuSecondsOf(pid);
  const startedAt = performance.now();
  await sleep(span.measured, undefined, { signal });
  const { latencies, frameGaps, lookGaps, sendGaps, missed, frames } = (await desks.ask({
    kind: "timed",
  } satisfies DeskQuestion)) as Timed;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = ((await cpuSecondsOf(pid)) - before) / seconds;
  if (latencies.length < count * 44) throw new Error(`${subject}: only ${latencies.length} looks came`);
  const jitter = fromMedian(frameGaps);
  samples.add(subject, "frames", "1/s", frames / seconds);
  samples.add(subject, "look to frame, p50", "ms", percentile(latencies, 0.5));
  samples.add(subject, "frame to frame, p50", "ms", percentile(frameGaps, 0.5));
  samples.add(subject, "jitter, p99", "ms", percentile(jitter, 0.99));
  samples.add(subject, "jitter of the desk, p99", "ms", percentile(fromMedian(sendGaps), 0.99));
  samples.add(subject, "jitter, max", "ms", percentile(jitter, 1));
  samples.add(subject, "jitter of looks, p99", "ms", percentile(fromMedian(lookGaps), 0.99));
  samples.add(subject, "looks not shown", "%", (100 * missed) / (missed + latencies.length));
  samples.add(subject, "cpu per universe", "% of a core", (100 * cpu) / count);
}

function fromMedian(gaps: readonly number[]): readonly number[] {
  const middle = percentile(gaps, 0.5);
  return gaps.map((gap) => Math.abs(gap - middle));
}

const besideEnd = (file: string): string => join(import.meta.dirname, "..", "..", "e2e", file);

async function startDesks(
  { sender }: { readonly sender: Pick<LightCable["sender"], "prefix"> },
  count = universes,
): Promise<Remote> {
  const desks = new Remote([
    ...sender.prefix,
    process.execPath,
    join(import.meta.dirname, "desk-program.ts"),
  ]);
  await desks.ask({ kind: "start", universes: count, interface: senderAddress } satisfies DeskQuestion);
  return desks;
}

const each = <Made>(make: (universe: number) => Made): readonly Made[] =>
  Array.from({ length: universes }, (_, index) => make(index + 1));

/** As OLA numbers them: its universe 16 is the sub-net's 0. */
const instances = () =>
  Object.fromEntries(
    each((universe) => [
      `u${universe}`,
      {
        module: "dmx",
        settings: {
          universe,
          artnet: { to: [senderAddress], interface: receiverAddress, portAddress: universe % 16 },
          receive: { sacn: { interface: receiverAddress }, merge: true },
          failsafe: { hold: "forever" },
        },
      },
    ]),
  );

/** To a channel that shows: priorities of raw channels stand above the desks'. */
const routesOfLoad = (): string =>
  ["routes:"]
    .concat(
      each(
        (universe) =>
          `  - { name: l${universe}, from: load${universe - 1}/sim/level, to: pi/u${universe}/ch300 }`,
      ),
    )
    .join("\n");

/** What the agent has confirmed. */
const readingsRouted = async (hub: HubProgram): Promise<number> =>
  (await hub.metric("interactor_hub_down_delivered_total")) ?? 0;

async function startLoad(hub: HubProgram, prefix: readonly string[]): Promise<AsyncDisposable> {
  const file = join(import.meta.dirname, "..", "telemetry-load.ts");
  const command = [...prefix, process.execPath, file, hub.mqtt, `${load.agents}`, `${load.rate}`];
  const [program = "", ...words] = command;
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  if (child.exitCode !== null) throw new Error("the load ended before it began");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
