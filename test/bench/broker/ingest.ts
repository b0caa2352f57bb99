/** Agents' batches on a hub that takes them in itself: nobody subscribes, and a confirmation counts as the delivery. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entriesTaken } from "./entries-taken.ts";
import { type Figures, type Generator, optionsOf } from "./generator.ts";
import { type IngestFiles, ingestFiles } from "./ingested-batch.ts";
import { ingestArguments, type Shape } from "./loads.ts";
import type { RunningBroker } from "./subject-process.ts";

export interface IngestLoad {
  readonly shape: Shape;
  /** In each message. */
  readonly samples: number;
  /** How long it is measured, if not as long as every load. */
  readonly seconds?: number;
}

export interface Ingested {
  readonly figures: Figures;
  readonly sent: IngestFiles;
  readonly messages: number;
}

/** Fails when the hub did not take each sample that it confirmed. */
export async function ingest(
  hub: RunningBroker,
  { shape, samples, seconds }: IngestLoad,
  generator: Generator,
  signal: AbortSignal,
): Promise<Ingested> {
  const folder = await mkdtemp(join(tmpdir(), "interactor-ingest-"));
  try {
    const before = await entriesTaken(hub);
    const sent = await ingestFiles(folder, samples);
    const { port, pid } = hub;
    const span = seconds === undefined ? [] : optionsOf({ seconds });
    const args = [...ingestArguments(shape), ...span, ...sent.args, ...optionsOf({ port, pid })];
    const figures = await generator.run(args, signal);
    const taken = (await entriesTaken(hub)) - before;
    const { published: messages = Number.NaN, lost } = figures;
    if (lost !== 0 || taken !== messages * samples)
      throw new Error(`the hub took in ${taken} samples of ${messages * samples}, and ${lost} were lost`);
    return { figures, sent, messages };
  } finally {
    await rm(folder, { recursive: true });
  }
}
