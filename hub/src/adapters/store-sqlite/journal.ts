/**
 * The journal in one SQLite file: a row a commit, a commit every few milliseconds (`group-commit.ts`). It is bounded in
 * the bytes that it takes on disk and in age; the oldest rows give way to new ones. A file that turns out to be damaged
 * while it is written is set aside, and a new one goes on where it was.
 */
import { join } from "node:path";
import type {
  Journal,
  JournalLimits,
  JournalUsage,
  KeptBatch,
  KeptBirth,
  OriginMark,
  RecentLimits,
  Stamp,
  TakenMark,
  Uptime,
} from "../../ports/journal.ts";
import { type Database, isDamage, type Row, type Statement } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";
import { JournalGather, type JournalGroup } from "./journal-group.ts";
import { evictMarks, readBirths, readMarks, recentBatches, rescueMarks } from "./journal-recent.ts";
import { journalMigrations } from "./journal-tables.ts";
import {
  closeMax,
  closeWithin,
  type FileKind,
  type FileWorld,
  openKeptFile,
  replaceKeptFile,
} from "./kept-file.ts";
import { invariant } from "@interactor/shared/kernel/assert";
import { type Micros, type Millis, micros } from "@interactor/shared/kernel/units";
import { isLane, laneNumbers } from "@interactor/shared/wire/lanes";
import { nodesMax, sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import { sessionOf } from "@interactor/shared/wire/session";

export interface JournalOptions extends FileWorld {
  /** Holds `journal.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
  readonly limits: JournalLimits;
  /** Without one, ages are judged by the wall clock alone. */
  readonly uptime?: Uptime;
}

interface Loaded {
  readonly nextId: number;
  readonly taken: readonly TakenMark[];
  readonly births: readonly KeptBirth[];
  readonly marks: readonly OriginMark[];
  readonly choices: readonly OriginMark[];
}

const what = "what agents send";
const kind: FileKind<Loaded> = {
  keeps: what,
  without: "the journal begins anew",
  code: "JOURNAL",
  migrations: journalMigrations,
  // A whole look at a file this large would hold up the start for minutes on a card.
  isCheckedWhole: false,
  load,
  rescue,
};

/** After so many commits it is looked whether something has to give way. */
const lookEvery = 64;
/** And after so many, what is remembered of nodes and of what was done. */
const lookAtMarksEvery = 64 * lookEvery;
/** Rows, and bytes of them, that give way in one step: a commit may have to wait for one. */
const stepRows = 256;
const stepBytes = 4 * 1024 * 1024;

/** Throws a Fault that says what to do. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, clock, log } = options;
  const path = join(folder, "journal.sqlite");
  const { database, loaded } = await openKeptFile(path, kind, options);
  const file = await JournalFile.open(path, database, options);
  const gather = new JournalGather(loaded.nextId);
  const commit = new GroupCommit(gather, {
    write: (group: JournalGroup) => file.write(group),
    what,
    whoWaits: "goes on waiting",
    clock,
    log,
  });
  return {
    ...loaded,
    append(record) {
      gather.add(record);
      commit.changed();
    },
    born(birth) {
      gather.born(birth);
      commit.changed();
    },
    chosen(mark) {
      gather.chosen(mark);
      commit.changed();
    },
    done(mark) {
      gather.done(mark);
      commit.changed();
    },
    recent: (span, recentLimits) => file.recent(span, recentLimits),
    stamp: () => stampOf(options),
    whenWritten: (done) => commit.whenWritten(done),
    get waitingBytes() {
      return commit.waitingBytes;
    },
    get problem() {
      return commit.problem;
    },
    get usage() {
      return file.usage;
    },
    async [Symbol.asyncDispose]() {
      await commit.close(closeMax);
      await file.close();
    },
  };
}

async function load(database: Database): Promise<Loaded> {
  const [last] = await database.rows("SELECT max(id) AS id FROM journal");
  await database.rows(
    `DELETE FROM taken WHERE (node, session) IN (SELECT node, session FROM (
      SELECT node, session, row_number() OVER (PARTITION BY node ORDER BY max(at_us) DESC) AS place
      FROM taken GROUP BY node, session) WHERE place > ?1)`,
    sessionsPerNodeMax,
  );
  const rows = await database.rows(
    "SELECT node, session, lane, next FROM taken ORDER BY at_us DESC LIMIT ?1",
    nodesMax * sessionsPerNodeMax * laneNumbers.length,
  );
  await evictMarks(database);
  return {
    nextId: numberIn(last, "id") + 1,
    taken: rows.toReversed().map(markOf),
    births: await readBirths(database),
    marks: await readMarks(database, "done"),
    choices: await readMarks(database, "chosen"),
  };
}

async function rescue(damaged: Database, fresh: Database): Promise<void> {
  for (const row of await damaged.rows("SELECT node, session, lane, next, at_us FROM taken")) {
    const values = ["node", "session", "lane", "next", "at_us"].map((name) => row[name] ?? "");
    await fresh.rows("INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?, ?)", ...values);
  }
  await rescueMarks(damaged, fresh);
}

const stampOf = ({ clock, uptime }: JournalOptions): Stamp => ({
  wall: clock.wall(),
  boot: uptime?.boot ?? "",
  uptime: uptime?.now() ?? micros(0),
});

function markOf(row: Row): TakenMark {
  const { node, session, lane, next } = row;
  invariant(typeof node === "string" && typeof session === "string", "a STRICT table holds another type");
  invariant(isLane(lane) && typeof next === "number", "a STRICT table holds another type");
  return { node, session: sessionOf(Buffer.from(session, "hex")), lane, next };
}

const numberIn = (row: Row | undefined, name: string): number => {
  const value = row?.[name];
  return typeof value === "number" ? value : 0;
};

/** The file, and what it takes. */
class JournalFile {
  readonly #path: string;
  readonly #options: JournalOptions;
  #database: Database;
  #insert: Statement;
  #commits = 0;
  #evicted = 0;
  #bytes = 0;
  #oldest: Micros | undefined;

  private constructor(path: string, options: JournalOptions, database: Database, insert: Statement) {
    this.#path = path;
    this.#options = options;
    this.#database = database;
    this.#insert = insert;
  }

  static async open(path: string, database: Database, options: JournalOptions): Promise<JournalFile> {
    const file = new JournalFile(path, options, database, await prepare(database));
    await file.#look();
    return file;
  }

  get usage(): JournalUsage {
    return { commits: this.#commits, bytes: this.#bytes, oldest: this.#oldest, evicted: this.#evicted };
  }

  /** On disk when it resolves. */
  async write(group: JournalGroup): Promise<void> {
    try {
      await this.#write(group);
    } catch (error) {
      if (!isDamage(error)) {
        // What is old gives way to what is new, also where the disk sets the bound.
        await this.#evict(true).catch(() => undefined);
        throw error;
      }
      await this.#replace(error);
      await this.#write(group);
    }
    this.#commits += 1;
    // What is on disk is on disk: what fails here is tried again, and must not make it be written twice.
    if (this.#commits % lookEvery === 0) await this.#look().catch(() => undefined);
    if (this.#commits % lookAtMarksEvery === 0) await evictMarks(this.#database).catch(() => undefined);
  }

  recent(span: Millis, limits: RecentLimits): AsyncIterable<readonly KeptBatch[]> {
    return recentBatches(this.#database, span, limits, this.#options.log);
  }

  async close(): Promise<void> {
    await closeWithin(this.#database, this.#options.clock);
  }

  #write({ id, nodes, places, batches, marks, births, done, chosen }: JournalGroup): Promise<void> {
    const { wall, boot, uptime } = stampOf(this.#options);
    return this.#insert.run([id, wall, boot, uptime, nodes, places, batches, marks, births, done, chosen]);
  }

  async #look(): Promise<void> {
    await this.#evict(false);
    const [oldest] = await this.#database.rows("SELECT at_us FROM journal ORDER BY id LIMIT 1");
    this.#oldest = oldest === undefined ? undefined : micros(numberIn(oldest, "at_us"));
    this.#bytes = await usedBytes(this.#database);
  }

  /** Takes a step if there is too much, or in any case. */
  async #evict(always: boolean): Promise<void> {
    const { limits, clock } = this.#options;
    const isTooMuch = always || (await usedBytes(this.#database)) > limits.bytesMax;
    const tooOld = clock.wall() - limits.daysMax * dayMicros;
    const step = isTooMuch
      ? `SELECT max(id) FROM (SELECT id, sum(length(batches)) OVER (ORDER BY id) AS bytes, row_number() OVER (ORDER BY id) AS place
          FROM (SELECT id, batches FROM journal ORDER BY id LIMIT ${stepRows})) WHERE bytes <= ${stepBytes} OR place = 1`
      : `SELECT max(id) FROM (SELECT id, at_us FROM journal ORDER BY id LIMIT ${stepRows}) WHERE at_us < ${tooOld}`;
    const gone = await this.#database.rows(`DELETE FROM journal WHERE id <= (${step}) RETURNING id`);
    this.#evicted += gone.length;
  }

  /** Goes on with a new file, that knows how far each lane had come. */
  async #replace(damage: unknown): Promise<void> {
    await this.#database.close().catch(() => undefined);
    const { database } = await replaceKeptFile(this.#path, kind, this.#options, damage);
    this.#insert = await prepare(database);
    this.#database = database;
  }
}

const dayMicros = 24 * 3600 * 1e6;

const prepare = (database: Database): Promise<Statement> =>
  database.prepare(
    `INSERT INTO journal_commit (id, at_us, boot, up_us, nodes, places, batches, marks, births, done, chosen)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );

/** What the file takes, without the pages that are free. */
async function usedBytes(database: Database): Promise<number> {
  const [row] = await database.rows(
    "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
  );
  return numberIn(row, "bytes");
}
