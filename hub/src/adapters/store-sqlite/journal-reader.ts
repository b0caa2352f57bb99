/** Reads the journal's file by a connection of its own, which writes nothing: beside the hub, or while none runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { JournalReader, JournalSpan, KeptBatch } from "../../ports/journal-reader.ts";
import { Database } from "./database.ts";
import { batchesOf, type Head, readBirths } from "./journal-recent.ts";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Micros } from "@interactor/shared/kernel/units";

/** Commits looked at in one step, and bytes read in one: the hub, which may be the one that reads, has other work. */
const stepRows = 256;
const stepBytes = 256 * 1024;

/** What a hub wrote that did not keep the machine's clock has the journal's own time alone. */
const wall = "coalesce(nullif(wall_us, 0), at_us)";

/** Throws a Fault that says what to do. */
export async function openJournalReader(folder: string): Promise<JournalReader> {
  const path = join(folder, "journal.sqlite");
  if (!existsSync(path))
    throw new Fault("NOT_FOUND", `there is no journal in ${folder}: name a hub's data folder with --data`);
  const database = await opened(path);
  return {
    births: () => readBirths(database),
    batches: (span) => batchesWithin(database, span),
    [Symbol.asyncDispose]: () => database.close(),
  };
}

async function opened(path: string): Promise<Database> {
  try {
    const database = await Database.openToRead(path);
    // Says at once whether it is one, and of a kind that has births.
    await database.rows("SELECT 1 FROM birth, journal LIMIT 1");
    return database;
  } catch (error) {
    const words = `cannot read ${path}: ${messageOf(error)}; a hub of this version that is started on its folder sets it right`;
    throw new Fault("JOURNAL_UNREADABLE", words, { cause: error });
  }
}

async function* batchesWithin(
  database: Database,
  { from, until }: JournalSpan,
): AsyncGenerator<readonly KeptBatch[], void> {
  let after = await lastBefore(database, from);
  for (;;) {
    const rows = await database.rows(
      `SELECT id, ${wall} AS wall_us, length(batches) AS bytes FROM journal WHERE id > ? ORDER BY id LIMIT ${stepRows}`,
      after,
    );
    let step: Head[] = [];
    let bytes = 0;
    for (const { id, wall_us, bytes: length } of rows) {
      if (typeof id !== "number" || typeof wall_us !== "number" || typeof length !== "number") continue;
      after = id;
      // The machine's clock may have been set back meanwhile: what is too early is passed over.
      if (wall_us > until) return yield* stepOf(database, step);
      if (wall_us < from) continue;
      step.push({ id, bytes: length });
      bytes += length;
      if (bytes < stepBytes) continue;
      yield* stepOf(database, step);
      step = [];
      bytes = 0;
    }
    yield* stepOf(database, step);
    if (rows.length < stepRows) return;
  }
}

async function* stepOf(
  database: Database,
  step: readonly Head[],
): AsyncGenerator<readonly KeptBatch[], void> {
  if (step.length > 0) yield await batchesOf(database, step);
}

/** The last commit before that time: looked for by halves, because their times have no index. */
async function lastBefore(database: Database, from: Micros): Promise<number> {
  const [bounds] = await database.rows("SELECT min(id) AS low, max(id) AS high FROM journal");
  let [low, high] = [Number(bounds?.["low"] ?? 0) - 1, Number(bounds?.["high"] ?? 0)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [row] = await database.rows(
      `SELECT id, ${wall} AS wall_us FROM journal WHERE id <= ? ORDER BY id DESC LIMIT 1`,
      middle,
    );
    // Evicted meanwhile, or before the time: what is looked for lies above.
    if (row === undefined || Number(row["wall_us"]) < from) low = middle;
    else high = middle - 1;
  }
  return low;
}
