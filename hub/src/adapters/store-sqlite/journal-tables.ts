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
];
