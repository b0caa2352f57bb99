/** The tables of the journal, as the steps that led to them. */
export const journalMigrations: readonly string[] = [
  // A commit is one row: measured the cheapest by far. The view takes a commit with the numbers that it moves on, so
  // that one statement, which is a transaction by itself, brings both to disk.
  `
  CREATE TABLE journal (
    id INTEGER PRIMARY KEY, -- grows by one with each commit
    at_us INTEGER NOT NULL, -- when it was made
    nodes TEXT NOT NULL, -- a JSON array of names
    places BLOB NOT NULL, -- six bytes a batch, little-endian: its node's place in the array (2), its bytes (4)
    batches BLOB NOT NULL -- as they came, one after the other
  ) STRICT;
  CREATE TABLE taken (
    node TEXT NOT NULL,
    session TEXT NOT NULL, -- eight bytes in hex
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 3),
    next INTEGER NOT NULL, -- the number of the entry that comes next
    at_us INTEGER NOT NULL,
    PRIMARY KEY (node, session, lane)
  ) STRICT, WITHOUT ROWID;
  CREATE VIEW journal_commit AS
    SELECT id, at_us, nodes, places, batches, '[]' AS marks FROM journal;
  CREATE TRIGGER journal_committed INSTEAD OF INSERT ON journal_commit BEGIN
    INSERT OR REPLACE INTO journal (id, at_us, nodes, places, batches)
      SELECT NEW.id, NEW.at_us, NEW.nodes, NEW.places, NEW.batches WHERE length(NEW.places) > 0;
    INSERT INTO taken (node, session, lane, next, at_us)
      SELECT value->>0, value->>1, value->>2, value->>3, NEW.at_us FROM json_each(NEW.marks) WHERE true
      ON CONFLICT (node, session, lane) DO UPDATE SET next = excluded.next, at_us = excluded.at_us;
  END;
  `,
  // What is needed to route again what a life took in and may not have delivered: when it was written by a clock that
  // nobody can set, what its node had declared, up to where events were done, who of a group had its turn, and who was forgotten.
  `
  -- When it was written by the machine's clock. 0: by a hub that did not know what was done of it.
  ALTER TABLE journal ADD COLUMN wall_us INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE journal ADD COLUMN boot TEXT NOT NULL DEFAULT ''; -- which start of the machine
  ALTER TABLE journal ADD COLUMN up_us INTEGER NOT NULL DEFAULT 0; -- since then
  CREATE TABLE birth (
    node TEXT NOT NULL,
    session TEXT NOT NULL,
    document BLOB NOT NULL, -- as the node said it
    at_us INTEGER NOT NULL,
    PRIMARY KEY (node, session)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE done (
    way TEXT NOT NULL, -- a route, its source and its target
    session TEXT NOT NULL, -- whose numbers these are, with the lane
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 3),
    seq INTEGER NOT NULL, -- the last that was done
    sample INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (way, session, lane)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE chosen ( -- which of a group an event went to
    way TEXT NOT NULL,
    session TEXT NOT NULL,
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 3),
    seq INTEGER NOT NULL,
    sample INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (way, session, lane, seq, sample)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE gone ( -- nodes that were forgotten: nothing that was taken in before goes to or from them
    node TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  DROP VIEW journal_commit;
  CREATE VIEW journal_commit AS
    SELECT id, at_us, wall_us, boot, up_us, nodes, places, batches,
      '[]' AS marks, '[]' AS births, '[]' AS done, '[]' AS chosen, '[]' AS gone
    FROM journal;
  CREATE TRIGGER journal_committed INSTEAD OF INSERT ON journal_commit BEGIN
    INSERT OR REPLACE INTO journal (id, at_us, wall_us, boot, up_us, nodes, places, batches)
      SELECT NEW.id, NEW.at_us, NEW.wall_us, NEW.boot, NEW.up_us, NEW.nodes, NEW.places, NEW.batches
      WHERE length(NEW.places) > 0;
    INSERT INTO taken (node, session, lane, next, at_us)
      SELECT value->>0, value->>1, value->>2, value->>3, NEW.at_us FROM json_each(NEW.marks) WHERE true
      ON CONFLICT (node, session, lane) DO UPDATE SET next = excluded.next, at_us = excluded.at_us;
    DELETE FROM birth WHERE node IN (SELECT value FROM json_each(NEW.gone));
    -- A way is "node/instance/output route node/instance/input", and names have no blanks.
    DELETE FROM done WHERE NEW.gone != '[]' AND EXISTS (
      SELECT 1 FROM json_each(NEW.gone) WHERE instr(' ' || way, ' ' || value || '/') > 0);
    DELETE FROM chosen WHERE NEW.gone != '[]' AND EXISTS (
      SELECT 1 FROM json_each(NEW.gone) WHERE instr(' ' || way, ' ' || value || '/') > 0);
    INSERT OR REPLACE INTO gone (node, at_us) SELECT value, NEW.at_us FROM json_each(NEW.gone);
    INSERT OR REPLACE INTO birth (node, session, document, at_us)
      SELECT value->>0, value->>1, unhex(value->>2), NEW.at_us FROM json_each(NEW.births);
    INSERT OR REPLACE INTO done (way, session, lane, seq, sample, at_us)
      SELECT value->>0, value->>1, value->>2, value->>3, value->>4, NEW.at_us FROM json_each(NEW.done);
    INSERT OR REPLACE INTO chosen (way, session, lane, seq, sample, at_us)
      SELECT value->>0, value->>1, value->>2, value->>3, value->>4, NEW.at_us FROM json_each(NEW.chosen);
  END;
  `,
];
