/**
 * The hub with a route from the output of every agent that the generator plays to an input of one agent, which takes
 * what it is sent. After each load it is judged by what others than the hub say: its journal, read by another SQLite,
 * holds every message once, in order and as it was sent, and every sample has passed its route.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiPaths, ledgerResponse } from "@interactor/shared/wire/api";
import { journalRows } from "../../contract/journal-rows.ts";
import { metricSum } from "./entries-taken.ts";
import type { Figures, Generator } from "./generator.ts";
import { ingest, type Ingested, type IngestLoad } from "./ingest.ts";
import { ingestedOutput } from "./ingested-batch.ts";
import { ingestAgents } from "./loads.ts";
import { type RunningBroker, startBroker } from "./subject-process.ts";
import { launchHub } from "./subjects.ts";
import { TargetAgent, targetInput } from "./target-agent.ts";

const routesPassed = "interactor_hub_route_runs_total";

export class RoutedHub implements AsyncDisposable {
  readonly #hub: RunningBroker;
  readonly #journal: string;
  readonly #target: TargetAgent;
  readonly #stack: AsyncDisposableStack;
  /** The last commit that was looked at. */
  #judged = 0;

  private constructor(hub: RunningBroker, journal: string, target: TargetAgent, stack: AsyncDisposableStack) {
    this.#hub = hub;
    this.#journal = journal;
    this.#target = target;
    this.#stack = stack;
  }

  /** `nodeOptions` are for Node itself. */
  static async start(nodeOptions: readonly string[] = []): Promise<RoutedHub> {
    await using undo = new AsyncDisposableStack();
    let journal = "";
    const hub = undo.use(
      await startBroker(async (place) => {
        const data = join(place.folder, "data");
        journal = join(data, "journal.sqlite");
        await mkdir(data);
        await writeFile(join(data, "routes.yaml"), routes());
        return launchHub(place, nodeOptions);
      }),
    );
    const target = undo.use(await TargetAgent.connect(hub.port, ingestAgents));
    return new RoutedHub(hub, journal, target, undo.move());
  }

  /** What the hub said last. */
  lastWords(): string {
    return this.#hub.lastWords();
  }

  async ingest(load: IngestLoad, generator: Generator, signal: AbortSignal): Promise<Figures> {
    const before = await this.#passed();
    const ingested = await ingest(this.#hub, load, generator, signal);
    const passed = (await this.#passed()) - before;
    const samples = ingested.messages * load.samples;
    if (passed !== samples) throw new Error(`of ${samples} samples ${passed} passed their routes`);
    this.#judgeJournal(ingested);
    await this.#judgeLedger();
    const { inputs } = this.#target.taken;
    if (inputs !== ingestAgents) throw new Error(`of ${ingestAgents} inputs ${inputs} were sent something`);
    return ingested.figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #passed(): Promise<number> {
    return metricSum(this.#hub, routesPassed, 'result="passed"');
  }

  #judgeJournal({ sent, messages }: Ingested): void {
    const { batch, sequenceAt } = sent;
    const [before, behind] = [batch.subarray(0, sequenceAt), batch.subarray(sequenceAt + 1)];
    const counts = new Map<string, number>();
    let found = 0;
    for (const { id, node, payload } of journalRows(this.#journal, this.#judged)) {
      this.#judged = id;
      if (!payload.subarray(0, sequenceAt).equals(before)) continue;
      const number = (counts.get(node) ?? 0) + 1;
      counts.set(node, number);
      found += 1;
      if (!payload.subarray(sequenceAt).equals(Buffer.concat([unsigned(number), behind])))
        throw new Error(`message ${number} of ${node} is not in the journal, or not as it was sent`);
    }
    if (found !== messages) throw new Error(`of ${messages} messages ${found} are in the journal`);
  }

  async #judgeLedger(): Promise<void> {
    const response = await fetch(`${this.#hub.http}${apiPaths.ledger}`, {
      signal: AbortSignal.timeout(5000),
    });
    const ledger = ledgerResponse.parse(await response.json());
    if (!ledger.balanced) throw new Error("the hub's ledger does not add up");
  }
}

const routes = (): string => {
  const places = Array.from({ length: ingestAgents }, (_, place) => place);
  const lines = places.map(
    (place) => `  - { name: r${place}, from: node${place}/${ingestedOutput}, to: ${targetInput(place + 1)} }`,
  );
  return `routes:\n${lines.join("\n")}\n`;
};

/** A whole number as CBOR has it, in as few bytes as it needs (RFC 8949 section 3.1). */
function unsigned(value: number): Buffer {
  if (value < 24) return Buffer.of(value);
  const width = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : 4;
  const bytes = Buffer.alloc(1 + width, 24 + Math.log2(width));
  bytes.writeUIntBE(value, 1, width);
  return bytes;
}
