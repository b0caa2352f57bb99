/**
 * Batches on the wire: our codec beside others of the same content. CPU time, not wall time; the subjects take turns
 * in every run, so that they meet the same machine.
 */
import { setImmediate as turn } from "node:timers/promises";
import { Encoder } from "cbor-x";
import * as cborg from "cborg";
import { micros } from "@interactor/shared/kernel/units";
import { type Batch, decodeBatch, encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, quality } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { bytesOfSession, sessionOf } from "@interactor/shared/wire/session";
import { inspect } from "@interactor/shared/wire/well-formed";
import { type Bench, type BenchContext, Samples } from "./bench.ts";

const runs = 5;
/** CPU time of one measurement: far above what the clock can tell apart. */
const measureTime = 60_000; // µs
const sizes = [1, 16, 64] as const;
const columnSamples = 64;

export const codec: Bench = {
  name: "codec",
  about: "batches encoded and decoded, beside JSON, cbor-x with maps and cborg",
  run,
};

/** What is encoded and decoded, and by how many its cost is divided. */
interface Case {
  readonly name: string;
  readonly batch: Batch;
  readonly parts: number;
  readonly unit: "entry" | "sample";
}

interface Subject {
  readonly name: string;
  readonly bytes: number;
  readonly operations: Readonly<Record<string, () => unknown>>;
}

/** One operation of one subject on one case, and how often it is done in a measurement. */
interface Measurement {
  readonly subject: string;
  readonly metric: string;
  readonly unit: string;
  readonly parts: number;
  readonly operation: () => unknown;
  readonly times: number;
}

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(codec.name);
  const cases: readonly Case[] = [
    ...sizes.map((size) => ({
      name: `${size} × 1`,
      batch: batchOf(size),
      parts: size,
      unit: "entry" as const,
    })),
    { name: `1 × ${columnSamples} columns`, batch: columnsBatch(), parts: columnSamples, unit: "sample" },
  ];
  const measurements: Measurement[] = [];
  for (const each of cases) {
    for (const subject of subjectsOf(each.batch)) {
      samples.add(subject.name, `bytes, ${each.name}`, `B/${each.unit}`, subject.bytes / each.parts);
      measurements.push(...measurementsOf(subject, each));
    }
  }
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}`);
    for (const { subject, metric, unit, parts, operation, times } of measurements) {
      samples.add(subject, metric, unit, (cpuOf(operation, times) * 1000) / times / parts);
      await turn(undefined, { signal });
    }
  }
  return samples.rows();
}

/** An operation is measured as often as fills the time; finding that out warms it up. */
function measurementsOf(subject: Subject, { name, parts, unit }: Case): Measurement[] {
  return Object.entries(subject.operations).map(([kind, operation]) => {
    let times = 64;
    for (let spent = cpuOf(operation, times); spent < measureTime; spent = cpuOf(operation, times))
      times *= 2;
    return { subject: subject.name, metric: `${kind}, ${name}`, unit: `ns/${unit}`, parts, operation, times };
  });
}

/** Where results go, so that no work can be left out. */
let sink: unknown;

/** In µs, with what the process's other threads did for it: collecting garbage, compiling. */
function cpuOf(operation: () => unknown, times: number): number {
  const before = process.cpuUsage();
  for (let count = 0; count < times; count += 1) sink = operation();
  const { user, system } = process.cpuUsage(before);
  if (sink === undefined) throw new Error("the operation gave nothing");
  return user + system;
}

const cborxMaps = new Encoder({ useRecords: false });

/** Everyone who can carry the batch, each checked to give it back. */
function subjectsOf(batch: Batch): readonly Subject[] {
  const ours = encodeBatch(batch);
  const json = Buffer.from(JSON.stringify(batch));
  const maps = cborxMaps.encode(batch);
  const array = asArray(batch);
  const arrayBytes = cborg.encode(array);
  const decoded = decodeBatch(ours, batch.lane);
  const isWhole =
    decoded.ok && JSON.stringify(decoded.value) === json.toString() && arrayBytes.length === ours.length;
  if (!isWhole) throw new Error("the subjects do not carry the same content");
  return [
    {
      name: "interactor",
      bytes: ours.length,
      operations: {
        encode: () => encodeBatch(batch),
        decode: () => decodeBatch(ours, batch.lane),
        "well-formed scan": () => inspect(ours),
      },
    },
    {
      name: "JSON",
      bytes: json.length,
      operations: {
        encode: () => Buffer.from(JSON.stringify(batch)),
        decode: (): unknown => JSON.parse(json.toString()),
      },
    },
    {
      name: "cbor-x, maps",
      bytes: maps.length,
      operations: { encode: () => cborxMaps.encode(batch), decode: (): unknown => cborxMaps.decode(maps) },
    },
    {
      name: "cborg, same array",
      bytes: arrayBytes.length,
      operations: { encode: () => cborg.encode(array), decode: (): unknown => cborg.decode(arrayBytes) },
    },
  ];
}

/** What stands on the wire, see wire/batch.ts. */
function asArray({ lane, session, firstSeq, entries }: Batch): unknown {
  const baseAt = Math.min(...entries.map(({ at }) => at));
  const fields = entries.map((each) => {
    const { from, to, ttl, flags, trace, quality, body } = each;
    return [each.at - baseAt, from, to, ttl, flags, trace, quality, body];
  });
  return [1, lane, bytesOfSession(session), firstSeq, baseAt, fields];
}

const startedAt = 1_790_000_000_000_000; // in 2026

function batchOf(size: number): Batch {
  const entries = Array.from({ length: size }, (_, index) => entryOf(index, distance(index)));
  return {
    lane: lane.telemetry,
    session: sessionOf(Uint8Array.from({ length: 8 }, (_, i) => 17 * i)),
    firstSeq: 70_000,
    entries,
  };
}

function columnsBatch(): Batch {
  const indexes = Array.from({ length: columnSamples }, (_, index) => index);
  const body = [indexes.map((index) => index * 50_000), indexes.map(distance)];
  return { ...batchOf(1), entries: [{ ...entryOf(0, body), flags: entryFlag.columns }] };
}

/** A few readings a batch from each of four sensors, as a node with four of them sends. */
function entryOf(index: number, body: Entry["body"]): Entry {
  return {
    at: micros(startedAt + index * 12_345),
    from: `sensor-${index % 4}/distance`,
    to: null,
    ttl: null,
    flags: 0,
    trace: null,
    quality: quality.good,
    body,
  };
}

/** Metres with all the digits a float has, as a driver computes them. */
const distance = (index: number): number => 0.2 + ((index * 0.618_033_988_749) % 1) * 3.8;
