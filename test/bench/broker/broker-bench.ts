/**
 * Our broker beside its peers: each load on each of them in turn, five times over, so that all meet the same
 * machine. What counts is the CPU time of the broker's process; how fast it went in all depends on what else ran.
 */
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { buildGenerator, type Figures, type Generator, optionsOf, socketsMax } from "./generator.ts";
import { ingest } from "./ingest.ts";
import { argumentsOf, type Load, type LoadKind, loads, type Shape } from "./loads.ts";
import type { RunningBroker } from "./subject-process.ts";
import { type Subject, subjectsWith } from "./subjects.ts";

const repetitions = 5;
/** Others of ours, beside the connections: what a broker and the generator open for themselves. */
const socketsBeside = 200;
/** What the hub takes in itself stands beside what it hands to a subscriber. */
const inProcess = "interactor in process";
const references = ["aedes", "mosquitto"] as const;

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly figure: string;
  /** Figures are multiplied by it. */
  readonly scale?: number;
}

const cpu: Metric = { name: "cpu_s_per_100k", unit: "s", figure: "cpu_s_per_100k" };
const rate: Metric = { name: "rate", unit: "/s", figure: "rate" };
const ofGenerator: Metric = { name: "generator cpu_s_per_100k", unit: "s", figure: "load_cpu_s_per_100k" };
const lost: Metric = { name: "lost", unit: "messages", figure: "lost" };
const misordered: Metric = { name: "out of order", unit: "messages", figure: "misordered" };
const latencies = ["p50", "p99", "max"].map((which) => ({
  name: `latency ${which}`,
  unit: "ms",
  figure: `latency_${which}_us`,
  scale: 1e-3,
}));

const metrics: Readonly<Record<LoadKind, readonly Metric[]>> = {
  flow: [cpu, rate, ofGenerator, lost, misordered],
  latency: [...latencies, cpu, rate, ofGenerator, lost, misordered],
  connections: [
    { name: "memory per connection", unit: "kB", figure: "kb_per_connection" },
    cpu,
    { name: "CPU, all idle", unit: "%", figure: "idle_cpu_share", scale: 100 },
    rate,
  ],
  storm: [cpu, rate, ofGenerator, ...latencies],
};

export const brokerBenches: readonly Bench[] = loads.map((load) => ({
  name: load.name,
  about: load.about,
  run: (context) => compare(load, context),
}));

async function compare(load: Load, { signal, progress }: BenchContext) {
  await using stack = new AsyncDisposableStack();
  if (load.kind === "connections") await requireSockets(10_000 + socketsBeside);
  const generator = stack.use(await buildGenerator());
  const contest = new Contest(load, generator, stack, signal);
  for (let count = 1; count <= repetitions; count += 1) {
    progress(`run ${count} of ${repetitions}`);
    for (const shape of load.shapes) await contest.round(shape);
  }
  return contest.samples.rows();
}

class Contest {
  readonly samples: Samples;
  readonly #load: Load;
  readonly #generator: Generator;
  readonly #stack: AsyncDisposableStack;
  readonly #signal: AbortSignal;
  readonly #subjects: readonly Subject[];
  readonly #running = new Map<string, RunningBroker>();

  constructor(load: Load, generator: Generator, stack: AsyncDisposableStack, signal: AbortSignal) {
    this.samples = new Samples(load.name);
    this.#load = load;
    this.#generator = generator;
    this.#stack = stack;
    this.#signal = signal;
    this.#subjects = subjectsWith(generator);
  }

  /** Every subject once. */
  async round(shape: Shape): Promise<void> {
    const found = new Map<string, Figures>();
    for (const subject of this.#subjects) {
      try {
        await this.#turn(subject, shape, found);
      } catch (error) {
        this.#signal.throwIfAborted();
        const words = this.#running.get(subject.name)?.lastWords() ?? "";
        throw new Error(`${subject.name}, ${shape}: ${messageOf(error)}; ${words}`, { cause: error });
      }
    }
    this.#add(found, shape);
  }

  async #turn(subject: Subject, shape: Shape, found: Map<string, Figures>): Promise<void> {
    const args = argumentsOf(this.#load, shape);
    // Memory is that of a broker that has done nothing else; everything else is that of one that runs.
    if (this.#load.kind === "connections") {
      await using broker = await subject.start();
      found.set(subject.name, await this.#measure(broker, args));
      return;
    }
    const broker = await this.#runningOf(subject);
    found.set(subject.name, await this.#measure(broker, args));
    if (subject.name === "interactor" && this.#load.isAlsoIngested === true) {
      const { figures } = await ingest(broker, { shape, samples: 1 }, this.#generator, this.#signal);
      found.set(inProcess, figures);
    }
  }

  async #runningOf(subject: Subject): Promise<RunningBroker> {
    const broker = this.#running.get(subject.name) ?? this.#stack.use(await subject.start());
    this.#running.set(subject.name, broker);
    return broker;
  }

  #measure({ port, pid }: RunningBroker, args: readonly string[]): Promise<Figures> {
    return this.#generator.run([...args, ...optionsOf({ port, pid })], this.#signal);
  }

  /** Ratios are of figures of one round, which had the same machine. */
  #add(found: ReadonlyMap<string, Figures>, shape: Shape): void {
    const suffix = shape === this.#load.shapes[0] ? "" : `, ${shape}`;
    for (const [subject, figures] of found) {
      for (const { name, unit, figure, scale = 1 } of metrics[this.#load.kind]) {
        this.samples.add(subject, name + suffix, unit, (figures[figure] ?? Number.NaN) * scale);
      }
      for (const reference of references) {
        const of = found.get(reference)?.[cpu.figure] ?? Number.NaN;
        this.samples.add(
          subject,
          `CPU to ${reference}${suffix}`,
          "×",
          (figures[cpu.figure] ?? Number.NaN) / of,
        );
      }
    }
  }
}

async function requireSockets(wanted: number): Promise<void> {
  const allowed = await socketsMax();
  if (allowed < wanted)
    throw new Error(`a process may open ${allowed} files here and ${wanted} are needed: ulimit -Hn`);
}
