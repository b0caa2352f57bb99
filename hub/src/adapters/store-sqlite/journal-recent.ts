/** Reads back from the journal's file what the next life of a hub needs to go on with what may not have been delivered. */
import type {
  KeptBatch,
  KeptBefore,
  KeptBirth,
  OriginMark,
  RecentLimits,
  Stamp,
} from "../../ports/journal.ts";
import type { Log } from "../../ports/log.ts";
import type { Database, Row } from "./database.ts";
import { invariant } from "@interactor/shared/kernel/assert";
import { micros, type Millis } from "@interactor/shared/kernel/units";
import { isLane } from "@interactor/shared/wire/lanes";
import { nodesMax, sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import { sessionOf } from "@interactor/shared/wire/session";

/** Marks of what was done that are kept. More: evict those that were moved on longest ago. */
const marksMax = 20_000;
/** Events of which it is kept who of a group they went to. More: evict the oldest; they are not routed again. */
const choicesMax = 20_000;
/** Commits looked at in one step, and bytes read in one. */
const stepRows = 1000;
const stepBytes = 4 * 1024 * 1024;

/** Lets go what is over the bounds: the oldest. */
export async function evictMarks(database: Database): Promise<void> {
  await database.rows(
    `DELETE FROM done WHERE (way, session, lane) NOT IN
      (SELECT way, session, lane FROM done ORDER BY at_us DESC LIMIT ${marksMax})`,
  );
  await database.rows(
    `DELETE FROM chosen WHERE at_us < (SELECT at_us FROM chosen ORDER BY at_us DESC LIMIT 1 OFFSET ${choicesMax})`,
  );
  await database.rows(
    `DELETE FROM birth WHERE (node, session) NOT IN (SELECT node, session FROM (
      SELECT node, session, at_us, row_number() OVER (PARTITION BY node ORDER BY at_us DESC) AS place FROM birth)
      WHERE place <= ${sessionsPerNodeMax} ORDER BY at_us DESC LIMIT ${nodesMax * sessionsPerNodeMax})`,
  );
  await database.rows(
    `DELETE FROM gone WHERE node NOT IN (SELECT node FROM gone ORDER BY at_us DESC LIMIT ${nodesMax})`,
  );
}

/** What of it the lives before have left. */
export async function readKept(database: Database): Promise<KeptBefore> {
  const gone = await database.rows("SELECT node, at_us FROM gone");
  return {
    births: await readBirths(database),
    marks: await readMarks(database, "done"),
    choices: await readMarks(database, "chosen"),
    gone: new Map(gone.map((row) => [textIn(row, "node"), micros(numberIn(row, "at_us"))])),
  };
}

/** The oldest first. */
export async function readBirths(database: Database): Promise<readonly KeptBirth[]> {
  const rows = await database.rows("SELECT node, session, document FROM birth ORDER BY at_us");
  return rows.map((row) => ({
    node: textIn(row, "node"),
    session: sessionIn(row),
    document: bytesIn(row, "document"),
  }));
}

async function readMarks(database: Database, table: "done" | "chosen"): Promise<readonly OriginMark[]> {
  const rows = await database.rows(`SELECT way, session, lane, seq, sample FROM ${table} ORDER BY at_us`);
  return rows.map((row) => {
    const lane = row["lane"];
    invariant(isLane(lane), "a STRICT table holds another type");
    const [seq, sample] = [numberIn(row, "seq"), numberIn(row, "sample")];
    return { way: textIn(row, "way"), session: sessionIn(row), lane, seq, sample };
  });
}

const markColumns = ["way", "session", "lane", "seq", "sample", "at_us"];
/** What a life must know of those before. Commits are left behind: to read them all would take minutes. */
const rescued = {
  taken: ["node", "session", "lane", "next", "at_us"],
  birth: ["node", "session", "document", "at_us"],
  done: markColumns,
  chosen: markColumns,
  gone: ["node", "at_us"],
};

/**
 * From a damaged file into a new one: all that can be read and is right. One transaction: a row by itself would wait for
 * the disk, and there may be ten thousands of them.
 */
export async function rescueTables(damaged: Database, fresh: Database): Promise<void> {
  await fresh.execute("BEGIN IMMEDIATE");
  try {
    for (const [table, columns] of Object.entries(rescued)) {
      const names = columns.join(", ");
      // What an older hub wrote lacks some of them.
      const rows = await damaged.rows(`SELECT ${names} FROM ${table}`).catch(() => []);
      const places = columns.map(() => "?").join(", ");
      const insert = await fresh.prepare(`INSERT OR REPLACE INTO ${table} (${names}) VALUES (${places})`);
      // A row that the damage has made a wrong one is left out; without room for the others the end fails.
      for (const row of rows) await insert.run(columns.map((name) => row[name] ?? "")).catch(() => undefined);
    }
    await fresh.execute("COMMIT");
  } catch (error) {
    // SQLite may have rolled back already, and says so.
    await fresh.execute("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

export interface Head {
  readonly id: number;
  readonly bytes: number;
}

/** See `Journal`. */
export async function* recentBatches(
  database: Database,
  span: Millis,
  limits: RecentLimits,
  log: Log,
): AsyncGenerator<readonly KeptBatch[], void> {
  const heads = await headsOf(database, span, limits, log);
  let step: Head[] = [];
  let bytes = 0;
  for (const head of heads) {
    step.push(head);
    bytes += head.bytes;
    if (bytes < stepBytes && head !== heads.at(-1)) continue;
    yield await batchesOf(database, step, limits.nodes);
    step = [];
    bytes = 0;
  }
}

/** The commits within `span` before the last one in which one of the nodes has sent something, the oldest first. */
async function headsOf(
  database: Database,
  span: Millis,
  { nodes, commitsMax, bytesMax }: RecentLimits,
  log: Log,
): Promise<readonly Head[]> {
  const heads: Head[] = [];
  let [bytes, commits] = [0, 0];
  let lastAt: number | undefined;
  for await (const row of newestFirst(database)) {
    lastAt ??= numberIn(row, "at_us");
    const isOlder = lastAt - numberIn(row, "at_us") > span * 1000;
    // What an older hub took in may have been done: it did not write that down.
    if (isOlder || row["wall_us"] === 0) break;
    commits += 1;
    const isOfUse = namesIn(row).some((name) => nodes.has(name));
    if (isOfUse) bytes += numberIn(row, "bytes");
    if (commits > commitsMax || (bytes > bytesMax && heads.length > 0)) {
      log.warn("what was taken in longer ago is not routed again: there is too much of it", { commits });
      break;
    }
    if (isOfUse) heads.push({ id: numberIn(row, "id"), bytes: numberIn(row, "bytes") });
  }
  return heads.toReversed();
}

async function* newestFirst(database: Database): AsyncGenerator<Row, void> {
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const rows = await database.rows(
      `SELECT id, at_us, wall_us, nodes, length(batches) AS bytes FROM journal WHERE id < ? ORDER BY id DESC LIMIT ${stepRows}`,
      before,
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < stepRows) return;
    before = numberIn(last, "id");
  }
}

/** `nodes`: left out, those of all. */
export async function batchesOf(
  database: Database,
  step: readonly Head[],
  nodes?: ReadonlySet<string>,
): Promise<readonly KeptBatch[]> {
  const rows = await database.rows(
    `SELECT at_us, wall_us, boot, up_us, nodes, places, batches FROM journal
      WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
    JSON.stringify(step.map(({ id }) => id)),
  );
  return rows.flatMap((row) => batchesIn(row).filter(({ node }) => nodes?.has(node) !== false));
}

/** Two bytes for the node's place, four for the length: as `journal-group.ts` writes them. */
const placeBytes = 6;

function batchesIn(row: Row): readonly KeptBatch[] {
  const stamp = stampIn(row);
  const names = namesIn(row);
  const places = bytesIn(row, "places");
  const batches = bytesIn(row, "batches");
  const kept: KeptBatch[] = [];
  let start = 0;
  for (let at = 0; at + placeBytes <= places.length; at += placeBytes) {
    const node = names[places.readUInt16LE(at)];
    const end = start + places.readUInt32LE(at + 2);
    if (node !== undefined) kept.push({ node, payload: batches.subarray(start, end), stamp });
    start = end;
  }
  return kept;
}

function namesIn(row: Row): readonly string[] {
  const names: unknown = JSON.parse(textIn(row, "nodes"));
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

const stampIn = (row: Row): Stamp => ({
  at: micros(numberIn(row, "at_us")),
  wall: micros(numberIn(row, "wall_us")),
  boot: textIn(row, "boot"),
  uptime: micros(numberIn(row, "up_us")),
});

const sessionIn = (row: Row) => sessionOf(Buffer.from(textIn(row, "session"), "hex"));

// The tables are strict: another type in a row would be our own mistake.

function textIn(row: Row, column: string): string {
  const value = row[column];
  invariant(typeof value === "string", `${column} is a text`);
  return value;
}

function numberIn(row: Row, column: string): number {
  const value = row[column];
  invariant(typeof value === "number", `${column} is a number`);
  return value;
}

function bytesIn(row: Row, column: string): Buffer {
  const value = row[column];
  invariant(Buffer.isBuffer(value), `${column} is a blob`);
  return value;
}
