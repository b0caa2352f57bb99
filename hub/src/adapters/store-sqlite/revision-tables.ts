/** The tables of revisions, as the steps that led to them. */
export const revisionMigrations: readonly string[] = [
  // The view takes a revision with its content, so that one statement, which is a transaction by itself, writes both.
  `
  CREATE TABLE content (
    digest TEXT PRIMARY KEY, -- SHA-256 in hex
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE revision (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    author TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    message TEXT NOT NULL,
    is_confirmed INTEGER NOT NULL CHECK (is_confirmed BETWEEN 0 AND 1),
    rollback_of INTEGER
  ) STRICT;
  CREATE INDEX revision_digest ON revision (digest);
  CREATE VIEW revision_made AS SELECT *, x'' AS content FROM revision;
  CREATE TRIGGER revision_made INSTEAD OF INSERT ON revision_made BEGIN
    INSERT OR IGNORE INTO content (digest, bytes) VALUES (NEW.digest, NEW.content);
    INSERT INTO revision (number, digest, bytes, author, at_us, message, is_confirmed, rollback_of)
      VALUES (NEW.number, NEW.digest, NEW.bytes, NEW.author, NEW.at_us, NEW.message, NEW.is_confirmed, NEW.rollback_of);
  END;
  CREATE TRIGGER revision_removed AFTER DELETE ON revision BEGIN
    DELETE FROM content WHERE digest = OLD.digest AND NOT EXISTS (SELECT 1 FROM revision WHERE digest = OLD.digest);
  END;
  `,
];
