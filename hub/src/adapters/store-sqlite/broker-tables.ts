/** The tables of sessions and retained messages, as the steps that led to them. */
export const brokerMigrations: readonly string[] = [
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
  // Retained messages age. When the ones that are there were set nobody knows: they begin now.
  `
  ALTER TABLE retained ADD COLUMN at_us INTEGER NOT NULL DEFAULT 0;
  UPDATE retained SET at_us = CAST(unixepoch('subsec') * 1000000 AS INTEGER);
  `,
];
