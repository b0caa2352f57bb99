/** The hub's journal by itself: how many batches a second are on disk, flushed, and how long one waits for that. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openJournal } from "../../hub/src/adapters/store-sqlite/journal.ts";
import { type Journal, journalLimits } from "../../hub/src/ports/journal.ts";
import { lane } from "@interactor/shared/wire/lanes";
import { sessionOf } from "@interactor/shared/wire/session";
import { journalRows } from "../contract/journal-rows.ts";
import { type Bench, type BenchContext, percentile, Samples } from "./bench.ts";

const runs = 5;
const span = 2000; // ms
/** As a batch of one reading. */
const payloadBytes = 80;
const nodes = 100;
/** Batches that are appended and not on disk, at most: as many as agents have on their way in a burst. */
const windowMax = 2000;

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const journal: Bench = {
  name: "journal",
  about: `batches of ${payloadBytes} bytes into the hub's journal with synchronous=FULL, ${windowMax} at a time`,
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(journal.name);
  for (let count = 1; count <= runs; count += 1) {
    signal.throwIfAborted();
    progress(`run ${count} of ${runs}`);
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(await mkdtemp(join(tmpdir(), "interactor-journal-")), (path) =>
      rm(path, { recursive: true }),
    );
    const written = await fill(folder);
    const found = journalRows(join(folder, "journal.sqlite"));
    if (!found.every(({ payload }, index) => payload.readUInt32LE() === index + 1))
      throw new Error("the journal is not as it was written");
    if (found.length !== written.batches)
      throw new Error(`of ${written.batches} batches ${found.length} are in the journal`);
    samples.add("interactor", "rate", "rows/s", written.batches / written.seconds);
    samples.add("interactor", "cpu_s_per_100k", "s", (written.cpuSeconds * 1e5) / written.batches);
    for (const [name, share] of [
      ["p50", 0.5],
      ["p99", 0.99],
      ["max", 1],
    ] as const)
      samples.add("interactor", `until on disk, ${name}`, "ms", percentile(written.waits, share));
  }
  return samples.rows();
}

interface Filled {
  readonly batches: number;
  readonly seconds: number;
  /** Of this process, the threads that write included. */
  readonly cpuSeconds: number;
  /** One of each window. */
  readonly waits: readonly number[];
}

/** Two halves of the window take turns, so that something always waits while something is written. */
async function fill(folder: string): Promise<Filled> {
  await using opened = await openJournal({
    folder,
    limits: journalLimits,
    clock: systemClock(),
    log: silent,
  });
  const session = sessionOf(new Uint8Array(8).fill(1));
  const waits: number[] = [];
  let batches = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const half = async () => {
    while (performance.now() - startedAt < span) {
      for (let each = 0; each < windowMax / 2; each += 1) {
        batches += 1;
        const payload = Buffer.alloc(payloadBytes);
        payload.writeUInt32LE(batches);
        opened.append({
          node: `node${batches % nodes}`,
          session,
          lane: lane.telemetry,
          next: batches,
          payload,
        });
      }
      const appendedAt = performance.now();
      await untilWritten(opened);
      waits.push(performance.now() - appendedAt);
    }
  };
  await Promise.all([half(), half()]);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { batches, seconds, cpuSeconds: (user + system) / 1e6, waits };
}

async function untilWritten(opened: Journal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  opened.whenWritten((isWritten) => (isWritten ? resolve() : reject(new Error("it could not be written"))));
  await promise;
}
