/** The revisions in one SQLite file. A file that is damaged is set aside, with what can be read of it taken over. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { RevisionHead, RevisionLog } from "../../ports/revision-log.ts";
import type { Database, Row } from "./database.ts";
import { closeWithin, type FileKind, type FileWorld, openKeptFile, writeFaultOf } from "./kept-file.ts";
import { revisionMigrations } from "./revision-tables.ts";
import { invariant } from "@interactor/shared/kernel/assert";
import { micros } from "@interactor/shared/kernel/units";

export interface RevisionLogOptions extends FileWorld {
  /** Holds `revisions.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
}

const code = "REVISIONS";
const kind: FileKind<readonly RevisionHead[]> = {
  keeps: "the revisions of the site",
  without: "the revisions that could be read of it are kept, what nodes run stays as it is",
  code,
  migrations: revisionMigrations,
  // It has a few MB: damage is better known now than when somebody wants to go back.
  isCheckedWhole: true,
  load,
  rescue,
};

/** Throws a Fault that says what to do. A damaged file is no reason. */
export async function openRevisionLog(options: RevisionLogOptions): Promise<RevisionLog> {
  const { database, loaded } = await openKeptFile(join(options.folder, "revisions.sqlite"), kind, options);
  const write = async (sql: string, ...parameters: readonly (string | number | Buffer)[]): Promise<void> => {
    await database
      .rows(sql, ...parameters)
      .catch((error: unknown) => Promise.reject(writeFaultOf(error, code)));
  };
  return {
    heads: loaded,
    async add(head, content) {
      await write(insert, ...valuesOf(head), Buffer.from(content));
    },
    confirm: (number) => write("UPDATE revision SET is_confirmed = 1 WHERE number = ?", number),
    remove: (numbers) =>
      write("DELETE FROM revision WHERE number IN (SELECT value FROM json_each(?))", JSON.stringify(numbers)),
    async content(digest) {
      const [row] = await database.rows("SELECT bytes FROM content WHERE digest = ?", digest);
      const bytes = row?.["bytes"];
      if (!Buffer.isBuffer(bytes) || sha256(bytes) !== digest) return undefined;
      return bytes;
    },
    [Symbol.asyncDispose]: () => closeWithin(database, options.clock),
  };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** SQLite's parameters know no null here: -1 stands for it, and no revision has that number. */
const insert = `INSERT INTO revision_made
  (number, digest, bytes, author, at_us, message, is_confirmed, rollback_of, content)
  VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, -1), ?)`;

const valuesOf = (head: RevisionHead): readonly (string | number)[] => [
  head.number,
  head.digest,
  head.bytes,
  head.author,
  head.at,
  head.message,
  head.isConfirmed ? 1 : 0,
  head.rollbackOf ?? -1,
];

async function load(database: Database): Promise<readonly RevisionHead[]> {
  return (await database.rows("SELECT * FROM revision ORDER BY number")).map(headOf);
}

/**
 * From both ends until a page that is damaged. A revision of which only the head can be read is of no use: nobody could
 * go back to it.
 */
async function rescue(damaged: Database, fresh: Database): Promise<void> {
  const steps = [
    { from: 0, sql: "SELECT * FROM revision WHERE number > ? ORDER BY number LIMIT 1" },
    {
      from: Number.MAX_SAFE_INTEGER,
      sql: "SELECT * FROM revision WHERE number < ? ORDER BY number DESC LIMIT 1",
    },
  ];
  const seen = new Set<number>();
  for (const { from, sql } of steps) {
    let at = from;
    for (;;) {
      const [row] = await readable(damaged, sql, at);
      const head = row === undefined ? undefined : headOf(row);
      if (head === undefined || seen.has(head.number)) break;
      seen.add(head.number);
      at = head.number;
      await rescueOne(damaged, fresh, head);
    }
  }
}

async function rescueOne(damaged: Database, fresh: Database, head: RevisionHead): Promise<void> {
  const [found] = await readable(damaged, "SELECT bytes FROM content WHERE digest = ?", head.digest);
  const bytes = found?.["bytes"];
  if (!Buffer.isBuffer(bytes) || sha256(bytes) !== head.digest) return;
  await fresh.rows(insert, ...valuesOf(head), bytes);
}

const readable = (damaged: Database, sql: string, parameter: string | number): Promise<readonly Row[]> =>
  damaged.rows(sql, parameter).catch(() => []);

function headOf(row: Row): RevisionHead {
  const text = (name: string): string => {
    const value = row[name];
    invariant(typeof value === "string", `${name} is a text`);
    return value;
  };
  const whole = (name: string): number => {
    const value = row[name];
    invariant(typeof value === "number", `${name} is a whole number`);
    return value;
  };
  return {
    number: whole("number"),
    digest: text("digest"),
    bytes: whole("bytes"),
    author: text("author"),
    at: micros(whole("at_us")),
    message: text("message"),
    isConfirmed: whole("is_confirmed") === 1,
    rollbackOf: row["rollback_of"] === null ? undefined : whole("rollback_of"),
  };
}
