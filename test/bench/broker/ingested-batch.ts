/** What an agent sends, written by the codec that agents use, as files that the generator repeats. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { micros, millis } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { quality } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { type Session, sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { optionsOf } from "./generator.ts";
import { benchSite } from "./subjects.ts";

/** Each run is a new life of the same nodes, so that the hub takes the numbers from 1 again. */
export async function ingestFiles(folder: string): Promise<readonly string[]> {
  const session = sessionOf(randomBytes(sessionBytes));
  const birth = join(folder, "birth.cbor");
  const batch = join(folder, "batch.cbor");
  await writeFile(birth, birthOf(session));
  await writeFile(batch, batchOf(session, 1));
  return optionsOf({ site: benchSite, user: unit, birth, batch, "sequence-at": sequenceAt(session) });
}

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

function batchOf(session: Session, firstSeq: number): Uint8Array {
  const entry = {
    at: micros(Date.now() * 1000),
    from: "sensor/distance",
    to: null,
    ttl: millis(30_000),
    flags: 0,
    trace: null,
    quality: quality.good,
    body: 1.234_567_89,
  };
  return encodeBatch({ lane: lane.telemetry, session, firstSeq, entries: [entry] });
}

/** Where two batches that differ in nothing but their number first differ. */
function sequenceAt(session: Session): number {
  const one = batchOf(session, 1);
  const other = batchOf(session, 2);
  return one.findIndex((byte, index) => byte !== other[index]);
}
