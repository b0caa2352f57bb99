/** What an agent sends, written by the codec that agents use, as files that the generator repeats. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { micros, millis } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, quality } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { type Session, sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { optionsOf } from "./generator.ts";
import { benchSite } from "./subjects.ts";

export interface IngestFiles {
  /** For the generator. */
  readonly args: readonly string[];
  /** Each message is this one, but for its number. */
  readonly batch: Uint8Array;
  /** Where the number stands in it. */
  readonly sequenceAt: number;
}

/** Each run is a new life of the same nodes, so that the hub takes the numbers from 1 again. */
export async function ingestFiles(folder: string, samples = 1): Promise<IngestFiles> {
  const session = sessionOf(randomBytes(sessionBytes));
  const files = { birth: join(folder, "birth.cbor"), batch: join(folder, "batch.cbor") };
  const batch = batchOf(session, 1, samples);
  const sequenceAt = sequencePlace(session, samples);
  await writeFile(files.birth, birthOf(session));
  await writeFile(files.batch, batch);
  const args = optionsOf({ site: benchSite, user: unit, ...files, "sequence-at": sequenceAt });
  return { args, batch, sequenceAt };
}

/** The output of every node, as the routes of a bench name it. */
export const ingestedOutput = "sensor/distance";

/** What stands for the hardware of all nodes; an agent gives its unit as its user name. */
const unit = "bench-unit";

function birthOf(session: Session): Uint8Array {
  const distance = { type: "float", unit: "m" } as const;
  return encodeNodeState({
    v: 1,
    kind: "birth",
    session,
    connection: 1,
    unit,
    agentVersion: "0.1.0",
    at: Date.now() * 1000,
    instances: { sensor: { module: "simulated", version: "0.1.0", inputs: {}, outputs: { distance } } },
  });
}

function batchOf(session: Session, firstSeq: number, samples: number): Uint8Array {
  const entry: Entry = {
    at: micros(Date.now() * 1000),
    from: ingestedOutput,
    to: null,
    ttl: millis(30_000),
    trace: null,
    quality: quality.good,
    ...(samples === 1
      ? { flags: 0, body: firstReading }
      : { flags: entryFlag.columns, body: columns(samples) }),
  };
  return encodeBatch({ lane: lane.telemetry, session, firstSeq, entries: [entry] });
}

/** With all its digits: a reading takes nine bytes. */
const firstReading = 1.234_567_89;
/** Between samples of one output: 100 a second. */
const sampleGap = 10_000; // µs

/** Several samples of one output, no two of them the same. */
function columns(samples: number): Entry["body"] {
  const places = Array.from({ length: samples }, (_, place) => place);
  return [places.map((place) => place * sampleGap), places.map((place) => firstReading + place)];
}

/** Where two batches that differ in nothing but their number first differ. */
function sequencePlace(session: Session, samples: number): number {
  const one = batchOf(session, 1, samples);
  const other = batchOf(session, 2, samples);
  return one.findIndex((byte, index) => byte !== other[index]);
}
