/** The registry in one SQLite file: a row for each version, and the words of each module's newest one for searching. */
import { join } from "node:path";
import * as z from "zod/mini";
import { signedManifest } from "@interactor/shared/bundle/signed-module";
import type { RegisteredVersion } from "@interactor/shared/bundle/registry-api";
import type { ModuleRegistry } from "../../ports/module-registry.ts";
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
];

const kind: FileKind<Map<string, string>> = {
  keeps: "published modules",
  without: "it is made anew",
  code: "REGISTRY",
  migrations,
  isCheckedWhole: false,
  load: async (database) => {
    const rows = await database.rows("SELECT path, digest FROM version");
    return new Map(rows.map(({ path, digest }) => [String(path), String(digest)]));
  },
};

/** Characters of what a publisher says of a module that are kept. More: cut. */
const wordsMax = 500;
/** Words that one search looks for. More: left out. */
const searchWordsMax = 8;

/** Throws a Fault that says what to do. A damaged file is no reason. */
export async function openModuleRegistry(options: RegistryOptions): Promise<ModuleRegistry> {
  const { database, loaded } = await openKeptFile(join(options.folder, "registry.sqlite"), kind, options);
  let working: Promise<void> = Promise.resolve();
  return {
    sync: (files) => (working = working.catch(() => undefined).then(() => sync(database, loaded, files))),
    search: async (words, { from, max }) => {
      const wanted = (words.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, searchWordsMax);
      if (wanted.length === 0)
        return read(await database.rows(`${newest} ORDER BY module.id LIMIT ? OFFSET ?`, max, from));
      const match = wanted.map((word) => `"${word}"*`).join(" ");
      return read(await database.rows(found, match, max, from));
    },
    versions: async (id) =>
      read(await database.rows("SELECT * FROM version WHERE id = ? ORDER BY place DESC", id)),
    [Symbol.asyncDispose]: () => closeWithin(database, options.clock),
  };
}

const newestPath = "(SELECT path FROM version WHERE id = module.id ORDER BY place DESC LIMIT 1)";
const newest = `SELECT version.* FROM module JOIN version ON version.path = ${newestPath}`;
const found = `
  SELECT version.* FROM (
    SELECT rowid AS number, rank AS fit FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT ? OFFSET ?
  ) AS hit
  JOIN module ON module.number = hit.number
  JOIN version ON version.path = ${newestPath}
  ORDER BY hit.fit, hit.number`;

/** What is there already is not looked at again: of fifty thousand files one publication changes one. */
async function sync(
  database: Database,
  known: Map<string, string>,
  files: readonly NamedFile[],
): Promise<void> {
  const fresh = files.filter(({ path, digest }) => known.get(path) !== digest);
  const paths = new Set(files.map(({ path }) => path));
  const gone = [...known.keys()].filter((path) => !paths.has(path));
  if (fresh.length === 0 && gone.length === 0) return;
  const rows = fresh.flatMap(rowOf);
  await database.execute("BEGIN");
  try {
    await change(database, rows, gone);
    await database.execute("COMMIT");
  } catch (error) {
    await database.execute("ROLLBACK");
    throw error;
  }
  for (const { path, digest } of fresh) known.set(path, digest);
  for (const path of gone) known.delete(path);
}

async function change(
  database: Database,
  rows: readonly (RegisteredVersion & { readonly path: string })[],
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

/** Sorts as a text where versions sort as versions: one before its release comes before it. */
function placeOf(version: string): string {
  const [numbers = "", ...before] = version.split("-");
  const padded = numbers.split(".").map((number) => number.padStart(9, "0"));
  return `${padded.join(".")}${before.length === 0 ? "~" : `-${before.join("-")}`}`;
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
    };
  });
