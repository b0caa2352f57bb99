/**
 * What agents send at QoS 1, confirmed when it is on disk and routed, beside mosquitto, which hands the same bytes to
 * one subscriber and keeps none of them. Both in turn, so that they meet the same machine.
 */
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { buildGenerator, type Figures, optionsOf } from "./generator.ts";
import type { IngestLoad } from "./ingest.ts";
import { argumentsOf, fanInQos1 } from "./loads.ts";
import { RoutedHub } from "./routed-hub.ts";
import { startSubject } from "./subjects.ts";

const repetitions = 5;

interface Plan extends IngestLoad {
  readonly name: string;
  readonly about: string;
}

export const durablePlans: readonly Plan[] = [
  {
    name: "durable-ingest-1",
    about: "100 agents, QoS 1, burst: kept on disk and routed",
    shape: "burst",
    samples: 1,
  },
  { name: "durable-ingest-1-spaced", about: "the same, spaced", shape: "spaced", samples: 1 },
  {
    name: "durable-ingest-64",
    about: "the same in burst, 64 samples of one output a message",
    shape: "burst",
    samples: 64,
  },
];

export const durableIngest: readonly Bench[] = durablePlans.map((plan) => ({
  name: plan.name,
  about: plan.about,
  run: (context) => run(plan, context),
}));

async function run(plan: Plan, { signal, progress }: BenchContext) {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await buildGenerator());
  const hub = stack.use(await RoutedHub.start());
  const mosquitto = stack.use(await startSubject("mosquitto", generator));
  const samples = new Samples(plan.name);
  for (let count = 1; count <= repetitions; count += 1) {
    progress(`run ${count} of ${repetitions}`);
    const ours = await hub.ingest(plan, generator, signal).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new Error(`${messageOf(cause)}; ${hub.lastWords()}`, { cause });
    });
    const { port, pid } = mosquitto;
    const args = [
      ...argumentsOf(fanInQos1, plan.shape),
      ...optionsOf({ payload: figureOf(ours, "payload"), port, pid }),
    ];
    const theirs = await generator.run(args, signal);
    add(samples, "interactor", ours, plan.samples);
    add(samples, "mosquitto", theirs, plan.samples);
    samples.add("interactor", "CPU to mosquitto", "×", cpuOf(ours) / cpuOf(theirs));
  }
  return samples.rows();
}

const figureOf = (figures: Figures, name: string): number => figures[name] ?? Number.NaN;
const cpuOf = (figures: Figures): number => figureOf(figures, "cpu_s_per_100k");

function add(samples: Samples, subject: string, figures: Figures, each: number): void {
  const of = (name: string) => figureOf(figures, name);
  samples.add(subject, "cpu_s_per_100k", "s", cpuOf(figures));
  if (each > 1) samples.add(subject, "samples per core-second", "M", each / 10 / cpuOf(figures));
  samples.add(subject, "rate", "/s", of("rate"));
  samples.add(subject, "PUBACK p50", "ms", of("confirmation_p50_us") / 1000);
  samples.add(subject, "PUBACK p99", "ms", of("confirmation_p99_us") / 1000);
  samples.add(subject, "generator cpu_s_per_100k", "s", of("load_cpu_s_per_100k"));
  samples.add(subject, "lost", "messages", of("lost"));
}
