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
  KeptBefore,
  RecentLimits,
  Stamp,
  TakenMark,
  Uptime,
} from "../../ports/journal.ts";
import { type Database, isDamage, type Row, type Statement } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";
import { type JournalBehind, journalBefore } from "./journal-front.ts";
import { JournalGather, type JournalGroup } from "./journal-group.ts";
import { evictMarks, readKept, recentBatches, rescueTables } from "./journal-recent.ts";
import { journalMigrations } from "./journal-tables.ts";
import { JournalTime } from "./journal-time.ts";
import {
  closeMax,
  closeWithin,
  type FileKind,
  type FileWorld,
  openKeptFile,
  replaceKeptFile,
} from "./kept-file.ts";
import { invariant } from "@interactor/shared/kernel/assert";
import { type Micros, micros, type Millis } from "@interactor/shared/kernel/units";
import { isLane } from "@interactor/shared/wire/lanes";
import { nodesMax, sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import { sessionOf } from "@interactor/shared/wire/session";

export interface JournalOptions extends FileWorld {
  /** Holds `journal.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
  readonly limits: JournalLimits;
  /** Without one, ages are judged by what clocks say that can be set, or that stand still. */
  readonly uptime?: Uptime;
}

interface Loaded {
  readonly nextId: number;
  /** When the last commit was made, in the journal's own time; `undefined`: there is none. */
  readonly at: Micros | undefined;
  readonly taken: readonly TakenMark[];
  readonly kept: KeptBefore;
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
  rescue: rescueTables,
};

/** After so many commits, or bytes of them, it is looked whether something has to give way. */
const lookEvery = 64;
const lookEveryBytes = 4 * 1024 * 1024;
/** After so many looks, also at what is remembered of nodes and of what was done. */
const looksPerMarks = 64;
/** Rows, and bytes of them, that give way in one step. */
const stepRows = 256;
const stepBytes = 4 * 1024 * 1024;
/** Steps of one look, for which a commit may have to wait: more gives way than came, so that a bound is reached. */
const stepsPerLook = 4;
/** Sessions that are to be forgotten, of all nodes. More: it is done before the next look. */
const forgottenMax = 64;
/** Sessions of a node that are known at the start: those of use, and as many that were to be forgotten when it ended. */
const sessionsLoadedMax = 2 * sessionsPerNodeMax;

/** Throws a Fault that says what to do. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, clock, log } = options;
  const path = join(folder, "journal.sqlite");
  const { database, loaded } = await openKeptFile(path, kind, options);
  const gather = new JournalGather(loaded.nextId);
  const file = await JournalFile.open(path, database, { ...options, gather, began: loaded.at });
  const commit = new GroupCommit(gather, {
    write: (group: JournalGroup) => file.write(group),
    what,
    whoWaits: "goes on waiting",
    clock,
    log,
  });
  const { taken, kept } = loaded;
  const behind: JournalBehind = {
    taken,
    kept,
    recent: (span, recentLimits) => file.recent(span, recentLimits),
    stamp: () => file.stamp(),
    get usage() {
      return file.usage;
    },
    async close() {
      await commit.close(closeMax);
      await file.close();
    },
  };
  return journalBefore(behind, gather, commit);
}

async function load(database: Database): Promise<Loaded> {
  const [last] = await database.rows("SELECT id, at_us FROM journal ORDER BY id DESC LIMIT 1");
  const [mark] = await database.rows("SELECT max(at_us) AS at_us FROM taken");
  await database.rows(
    `DELETE FROM taken WHERE (node, session) IN (SELECT node, session FROM (
      SELECT node, session, row_number() OVER (PARTITION BY node ORDER BY max(at_us) DESC) AS place
      FROM taken GROUP BY node, session) WHERE place > ?1)`,
    sessionsLoadedMax,
  );
  // Names that nobody has used for long: a hub knows no more nodes than that.
  await database.rows(
    `DELETE FROM taken WHERE node IN (
      SELECT node FROM taken GROUP BY node ORDER BY max(at_us) DESC LIMIT -1 OFFSET ?1)`,
    nodesMax,
  );
  const rows = await database.rows("SELECT node, session, lane, next FROM taken ORDER BY at_us");
  await evictMarks(database);
  const at = Math.max(numberIn(last, "at_us"), numberIn(mark, "at_us"));
  return {
    nextId: numberIn(last, "id") + 1,
    at: at === 0 ? undefined : micros(at),
    taken: rows.map(markOf),
    kept: await readKept(database),
  };
}

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

interface FileOptions extends JournalOptions {
  readonly gather: JournalGather;
  /** When the last commit of the lives before was made. */
  readonly began: Micros | undefined;
}

/** The file, and what it takes. */
class JournalFile {
  readonly #path: string;
  readonly #options: FileOptions;
  readonly #time: JournalTime;
  #database: Database;
  #insert: Statement;
  #commits = 0;
  #commitsLooked = 0;
  #bytesSinceLook = 0;
  #looks = 0;
  #evicted = 0;
  #bytes = 0;
  #oldest: Micros | undefined;

  private constructor(path: string, options: FileOptions, database: Database, insert: Statement) {
    this.#path = path;
    this.#options = options;
    this.#time = new JournalTime(options.clock, options.began);
    this.#database = database;
    this.#insert = insert;
  }

  static async open(path: string, database: Database, options: FileOptions): Promise<JournalFile> {
    const file = new JournalFile(path, options, database, await prepare(database));
    await file.#look();
    return file;
  }

  get usage(): JournalUsage {
    const oldest = this.#oldest === undefined ? undefined : this.#time.onTheWall(this.#oldest);
    return { commits: this.#commits, bytes: this.#bytes, oldest, evicted: this.#evicted };
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
    this.#bytesSinceLook += group.batches.length;
    // What is on disk is on disk: what fails here is tried again, and must not make it be written twice.
    if (this.#options.gather.forgotten >= forgottenMax) await this.#forget(group.id).catch(() => undefined);
    if (this.#commits - this.#commitsLooked < lookEvery && this.#bytesSinceLook < lookEveryBytes) return;
    await this.#forget(group.id).catch(() => undefined);
    await this.#look().catch(() => undefined);
  }

  async close(): Promise<void> {
    await closeWithin(this.#database, this.#options.clock);
  }

  recent(span: Millis, limits: RecentLimits): AsyncIterable<readonly KeptBatch[]> {
    return recentBatches(this.#database, span, limits, this.#options.log);
  }

  stamp(): Stamp {
    return this.#stampAt(this.#time.now());
  }

  #stampAt(at: Micros): Stamp {
    const { clock, uptime } = this.#options;
    return { at, wall: clock.wall(), boot: uptime?.boot ?? "", uptime: uptime?.now() ?? micros(0) };
  }

  #write({ id, nodes, places, batches, marks, births, done, chosen, gone }: JournalGroup): Promise<void> {
    const { at, wall, boot, uptime } = this.#stampAt(this.#time.next());
    const own = [id, at, wall, boot, uptime, nodes, places, batches, marks];
    return this.#insert.run([...own, births, done, chosen, gone]);
  }

  /** Marks that are of no use any more go, so that a node which begins life after life does not fill the file. */
  async #forget(id: number): Promise<void> {
    const sessions = this.#options.gather.takeForgotten(id);
    if (sessions === "[]") return;
    // What fails is forgotten at the next start.
    await this.#database.rows(
      "DELETE FROM taken WHERE (node, session) IN (SELECT value->>0, value->>1 FROM json_each(?1))",
      sessions,
    );
  }

  async #look(): Promise<void> {
    this.#commitsLooked = this.#commits;
    this.#bytesSinceLook = 0;
    this.#looks += 1;
    if (this.#looks % looksPerMarks === 0) await evictMarks(this.#database);
    for (let step = 0; step < stepsPerLook; step += 1) if ((await this.#evict(false)) === 0) break;
    const [oldest] = await this.#database.rows("SELECT at_us FROM journal ORDER BY id LIMIT 1");
    this.#oldest = oldest === undefined ? undefined : micros(numberIn(oldest, "at_us"));
    this.#bytes = await usedBytes(this.#database);
  }

  /** Takes a step if there is too much, or in any case. Returns how many commits went. */
  async #evict(always: boolean): Promise<number> {
    const { limits } = this.#options;
    const isTooMuch = always || (await usedBytes(this.#database)) > limits.bytesMax;
    const tooOld = this.#time.now() - limits.daysMax * dayMicros;
    const step = isTooMuch
      ? `SELECT max(id) FROM (SELECT id, sum(length(batches)) OVER (ORDER BY id) AS bytes, row_number() OVER (ORDER BY id) AS place
          FROM (SELECT id, batches FROM journal ORDER BY id LIMIT ${stepRows})) WHERE bytes <= ${stepBytes} OR place = 1`
      : `SELECT max(id) FROM (SELECT id, at_us FROM journal ORDER BY id LIMIT ${stepRows}) WHERE at_us < ${tooOld}`;
    // The newest stays: the numbers of commits and the journal's time go on from there.
    const gone = await this.#database.rows(
      `DELETE FROM journal WHERE id <= (${step}) AND id < (SELECT max(id) FROM journal) RETURNING id`,
    );
    this.#evicted += gone.length;
    return gone.length;
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
    `INSERT INTO journal_commit
      (id, at_us, wall_us, boot, up_us, nodes, places, batches, marks, births, done, chosen, gone)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );

/** What the file takes, without the pages that are free. */
async function usedBytes(database: Database): Promise<number> {
  const [row] = await database.rows(
    "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
  );
  return numberIn(row, "bytes");
}
