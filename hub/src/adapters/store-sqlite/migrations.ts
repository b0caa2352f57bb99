/**
 * The tables, as the steps that led to them: step n brings `user_version` from n - 1 to n. Steps are added, never
 * edited. They stand here and not in files, so that a bundle has them within.
 */
import { Fault } from "@interactor/shared/kernel/fault";
import type { Database } from "./database.ts";

const migrations: readonly string[] = [
  // Strict tables and checks, so that what quick_check finds in order can be read without a second look.
  `
  CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    client TEXT NOT NULL UNIQUE,
    away_since_us INTEGER -- NULL: its client is here
  ) STRICT;
  CREATE TABLE subscription (
    session INTEGER NOT NULL,
    filter TEXT NOT NULL,
    qos INTEGER NOT NULL CHECK (qos IN (0, 1, 2)),
    PRIMARY KEY (session, filter)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE message (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL CHECK (qos IN (1, 2)),
    at_us INTEGER NOT NULL,
    packet_id INTEGER, -- NULL: it was not sent yet
    is_received INTEGER NOT NULL CHECK (is_received IN (0, 1)),
    PRIMARY KEY (session, number)
  ) STRICT;
  CREATE TABLE incoming (
    session INTEGER NOT NULL,
    packet_id INTEGER NOT NULL,
    PRIMARY KEY (session, packet_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE retained (
    topic TEXT PRIMARY KEY,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL CHECK (qos IN (0, 1, 2)),
    owner TEXT NOT NULL
  ) STRICT;
  -- A foreign key would look up the session for every message.
  CREATE TRIGGER session_ended AFTER DELETE ON session BEGIN
    DELETE FROM subscription WHERE session = OLD.id;
    DELETE FROM message WHERE session = OLD.id;
    DELETE FROM incoming WHERE session = OLD.id;
  END;
  `,
];

/** Brings the tables up to date, a step at a time, each whole or not at all. */
export async function migrate(database: Database, path: string): Promise<void> {
  const [row] = await database.rows("PRAGMA user_version");
  const version = Number(row?.["user_version"]);
  if (version > migrations.length) {
    throw new Fault(
      "BROKER_STORE_NEWER",
      `${path} was written by a newer hub (version ${version} of its tables, this hub knows ${migrations.length}): start that hub, or move the file away to begin without sessions and retained messages`,
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    await database.execute(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
