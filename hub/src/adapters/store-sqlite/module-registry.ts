/** The registry in one SQLite file: a row for each version, and the words of each module's newest one for searching. */
import { join } from "node:path";
import * as z from "zod/mini";
import { signedManifest } from "@interactor/shared/bundle/signed-module";
import type { RegisteredVersion } from "@interactor/shared/bundle/registry-api";
import type { ModuleRegistry, WithdrawnModule } from "../../ports/module-registry.ts";
import type { NamedFile } from "../../ports/trust-repository.ts";
import type { Database, Row } from "./database.ts";
import { closeWithin, type FileKind, type FileWorld, openKeptFile } from "./kept-file.ts";

export interface RegistryOptions extends FileWorld {
  /** Holds `registry.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
}

const migrations: readonly string[] = [
  `
  CREATE TABLE version (
    path TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    place TEXT NOT NULL, -- sorts as versions do
    publisher TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    licence TEXT NOT NULL,
    permissions TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX version_of ON version (id, place);
  CREATE TABLE module (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
  CREATE VIRTUAL TABLE words USING fts5(id, publisher, title, description, tags, prefix = '2 3');
  `,
  `
  -- Which nodes have fetched a bundle, each once, however often it asked for the last piece.
  CREATE TABLE download (digest TEXT NOT NULL, node TEXT NOT NULL, UNIQUE (digest, node)) STRICT;
  -- What was published once, and is not any more.
  CREATE TABLE withdrawn (
    path TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    publisher TEXT NOT NULL
  ) STRICT;
  `,
  // Their places are another way of writing them now: they are made anew of what is published.
  "DELETE FROM version",
];

interface Loaded {
  /** Digests, by path. */
  readonly known: Map<string, string>;
  withdrawn: readonly WithdrawnModule[];
}

const kind: FileKind<Loaded> = {
  keeps: "published modules",
  without: "it is made anew",
  code: "REGISTRY",
  migrations,
  isCheckedWhole: false,
  load: async (database) => {
    const rows = await database.rows("SELECT path, digest FROM version");
    const known = new Map(rows.map(({ path, digest }) => [String(path), String(digest)]));
    return { known, withdrawn: await withdrawnIn(database) };
  },
};

/** Characters of what a publisher says of a module that are kept. More: cut. */
const wordsMax = 500;
/** Fetched bundles that are remembered, by node. More: evict the oldest, and the count is too small. */
const downloadsMax = 100_000;
/** Versions that are not published any more. More: evict the oldest, and a site is told of it as of a module that never was. */
const withdrawnMax = 10_000;
/** Words that one search looks for. More: left out. */
const searchWordsMax = 8;

/** Throws a Fault that says what to do. A damaged file is no reason. */
export async function openModuleRegistry(options: RegistryOptions): Promise<ModuleRegistry> {
  const { database, loaded } = await openKeptFile(join(options.folder, "registry.sqlite"), kind, options);
  let working: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> =>
    (working = working.catch(() => undefined).then(work));
  return {
    sync: (files) => inTurn(() => sync(database, loaded, files)),
    downloaded: (digest, node) => inTurn(() => count(database, digest, node)),
    get withdrawn() {
      return loaded.withdrawn;
    },
    search: async (words, { from, max }) => {
      const wanted = (words.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, searchWordsMax);
      if (wanted.length === 0)
        return read(await database.rows(`${newest} ORDER BY module.id LIMIT ? OFFSET ?`, max, from));
      const match = wanted.map((word) => `"${word}"*`).join(" ");
      return read(await database.rows(found, match, max, from));
    },
    versions: async (id) =>
      read(await database.rows(`SELECT ${withDownloads} FROM version WHERE id = ? ORDER BY place DESC`, id)),
    [Symbol.asyncDispose]: () => closeWithin(database, options.clock),
  };
}

const newestPath = "(SELECT path FROM version WHERE id = module.id ORDER BY place DESC LIMIT 1)";
/** `node` is the first column of no index: it is counted along that of the digest. */
const withDownloads =
  "version.*, (SELECT count(*) FROM download WHERE download.digest = version.digest) AS downloads";
const newest = `SELECT ${withDownloads} FROM module JOIN version ON version.path = ${newestPath}`;
const found = `
  SELECT ${withDownloads} FROM (
    SELECT rowid AS number, rank AS fit FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT ? OFFSET ?
  ) AS hit
  JOIN module ON module.number = hit.number
  JOIN version ON version.path = ${newestPath}
  ORDER BY hit.fit, hit.number`;

/** What is there already is not looked at again: of fifty thousand files one publication changes one. */
async function sync(database: Database, loaded: Loaded, files: readonly NamedFile[]): Promise<void> {
  const { known } = loaded;
  const fresh = files.filter(({ path, digest }) => known.get(path) !== digest);
  const paths = new Set(files.map(({ path }) => path));
  const gone = [...known.keys()].filter((path) => !paths.has(path));
  if (fresh.length === 0 && gone.length === 0) return;
  const rows = fresh.flatMap(rowOf);
  const withdrawn = await inOne(database, async () => {
    await withdraw(database, gone, fresh);
    await change(database, rows, gone);
    return withdrawnIn(database);
  });
  loaded.withdrawn = withdrawn;
  for (const { path, digest } of fresh) known.set(path, digest);
  for (const path of gone) known.delete(path);
}

async function inOne<Done>(database: Database, work: () => Promise<Done>): Promise<Done> {
  await database.execute("BEGIN");
  try {
    const done = await work();
    await database.execute("COMMIT");
    return done;
  } catch (error) {
    // After a full disk there may be nothing left to roll back; what happened is the first error.
    await database.execute("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** What is gone is remembered, and what is back forgotten. */
async function withdraw(
  database: Database,
  gone: readonly string[],
  back: readonly NamedFile[],
): Promise<void> {
  const among = "IN (SELECT value FROM json_each(?))";
  await database.rows(
    `INSERT OR REPLACE INTO withdrawn (path, id, version, publisher)
     SELECT path, id, version, publisher FROM version WHERE path ${among}`,
    JSON.stringify(gone),
  );
  const paths = JSON.stringify(back.map(({ path }) => path));
  await database.rows(`DELETE FROM withdrawn WHERE path ${among}`, paths);
  await database.rows(oldestOf("withdrawn"), withdrawnMax);
}

const oldestOf = (table: string): string =>
  `DELETE FROM ${table} WHERE rowid <= (SELECT coalesce(max(rowid), 0) FROM ${table}) - ?`;

async function withdrawnIn(database: Database): Promise<readonly WithdrawnModule[]> {
  const rows = await database.rows("SELECT id, version, publisher FROM withdrawn ORDER BY rowid");
  return rows.map(({ id, version, publisher }) => ({
    id: String(id),
    version: String(version),
    publisher: String(publisher),
  }));
}

/** What is no module, such as a plan, is not counted. */
async function count(database: Database, digest: string, node: string): Promise<void> {
  await database.rows(
    `INSERT OR IGNORE INTO download (digest, node)
     SELECT ?, ? WHERE EXISTS (SELECT 1 FROM version WHERE digest = ?)`,
    digest,
    node,
    digest,
  );
  await database.rows(oldestOf("download"), downloadsMax);
}

async function change(
  database: Database,
  rows: readonly (Omit<RegisteredVersion, "downloads"> & { readonly path: string })[],
  gone: readonly string[],
): Promise<void> {
  const left = JSON.stringify(gone);
  const were = await database.rows(
    "SELECT DISTINCT id FROM version WHERE path IN (SELECT value FROM json_each(?))",
    left,
  );
  const touched = JSON.stringify([...new Set([...were.map(({ id }) => id), ...rows.map(({ id }) => id)])]);
  const among = "IN (SELECT value FROM json_each(?))";
  await database.rows(`DELETE FROM version WHERE path ${among}`, left);
  const columns =
    "path, id, version, place, publisher, title, description, tags, licence, permissions, digest, bytes";
  const values = columns.replaceAll(/\w+/g, (column) => `value ->> '${column}'`);
  await database.rows(
    `INSERT OR REPLACE INTO version (${columns}) SELECT ${values} FROM json_each(?)`,
    JSON.stringify(rows),
  );
  await database.rows(
    `DELETE FROM words WHERE rowid IN (SELECT number FROM module WHERE id ${among})`,
    touched,
  );
  await database.rows(`DELETE FROM module WHERE id ${among} AND id NOT IN (SELECT id FROM version)`, touched);
  await database.rows(
    `INSERT OR IGNORE INTO module (id) SELECT DISTINCT id FROM version WHERE id ${among}`,
    touched,
  );
  await database.rows(
    `INSERT INTO words (rowid, id, publisher, title, description, tags)
     SELECT module.number, version.id, publisher, title, description, tags
     FROM module JOIN version ON version.path = ${newestPath} WHERE module.id ${among}`,
    touched,
  );
}

const { catch: orElse } = z;

/** What people are told; whoever published it may have written anything there. */
const told = z.object({
  title: orElse(z.string(), ""),
  description: orElse(z.string(), ""),
  tags: orElse(z.array(z.string()), []),
});

function rowOf({ path, publisher, custom, digest, bytes }: NamedFile) {
  const said = signedManifest(custom);
  if (!said.ok) return [];
  const { id, version, license = "", permissions = [] } = said.value;
  const { title, description, tags } = told.parse(said.value);
  const kinds = [...new Set(permissions.map((each) => each.kind))].toSorted().join(", ");
  const texts = { title: cut(title), description: cut(description), tags: cut(tags.join(", ")) };
  return [
    {
      path,
      id,
      version,
      place: placeOf(version),
      publisher,
      ...texts,
      licence: license,
      permissions: kinds,
      digest,
      bytes,
    },
  ];
}

const cut = (text: string): string => text.slice(0, wordsMax).toWellFormed();

/**
 * Sorts as a text where versions sort as versions (semver 2.0 section 11): one before its release comes before it, rc.9
 * before rc.10, and a number before a word. What stands between two parts is less than all that may stand in one.
 */
function placeOf(version: string): string {
  const [numbers = "", ...before] = version.split("-");
  const padded = numbers.split(".").map((number) => number.padStart(9, "0"));
  const parts = before.join("-").split(".");
  const places = parts.map((part) => (/^\d+$/.test(part) ? `!${part.padStart(64, "0")}` : part));
  return `${padded.join(".")}${before.length === 0 ? "~" : `-${places.join(" ")}`}`;
}

const read = (rows: readonly Row[]): readonly RegisteredVersion[] =>
  rows.map((row) => {
    const text = (column: string): string => String(row[column]);
    return {
      id: text("id"),
      version: text("version"),
      publisher: text("publisher"),
      title: text("title"),
      description: text("description"),
      tags: text("tags"),
      licence: text("licence"),
      permissions: text("permissions"),
      digest: text("digest"),
      bytes: Number(row["bytes"]),
      downloads: Number(row["downloads"]),
    };
  });
