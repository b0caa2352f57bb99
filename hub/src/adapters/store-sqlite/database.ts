/** The sqlite3 package with promises in place of its callbacks. Its work is done on libuv's threads, not on ours. */
import sqlite3 from "sqlite3";

type Parameter = string | number | Buffer;
export type Row = Readonly<Record<string, string | number | Buffer | null>>;

export interface Statement {
  run(parameters: readonly Parameter[]): Promise<void>;
}

export class Database {
  readonly #database: sqlite3.Database;
  readonly #statements: sqlite3.Statement[] = [];

  private constructor(database: sqlite3.Database) {
    this.#database = database;
    // A look at the file with another program must not make a commit fail.
    database.configure("busyTimeout", 2000);
  }

  /** Opens a file, or makes it. */
  static async open(path: string): Promise<Database> {
    return new Promise((resolve, reject) => {
      const database: sqlite3.Database = new sqlite3.Database(path, (error) =>
        error === null ? resolve(new Database(database)) : reject(error),
      );
    });
  }

  /** Opens a file that is there, and never writes to it. */
  static async openToRead(path: string): Promise<Database> {
    return new Promise((resolve, reject) => {
      const database: sqlite3.Database = new sqlite3.Database(path, sqlite3.OPEN_READONLY, (error) =>
        error === null ? resolve(new Database(database)) : reject(error),
      );
    });
  }

  /** Runs several statements without parameters. */
  async execute(sql: string): Promise<void> {
    await settled((done) => this.#database.exec(sql, done));
  }

  async rows(sql: string, ...parameters: readonly Parameter[]): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      this.#database.all<Row>(sql, parameters, (error, rows) =>
        error === null ? resolve(rows) : reject(error),
      );
    });
  }

  async prepare(sql: string): Promise<Statement> {
    const statement = await new Promise<sqlite3.Statement>((resolve, reject) => {
      const prepared: sqlite3.Statement = this.#database.prepare(sql, (error) =>
        error === null ? resolve(prepared) : reject(error),
      );
    });
    this.#statements.push(statement);
    return { run: (parameters) => settled((done) => statement.run(parameters, done)) };
  }

  async close(): Promise<void> {
    for (const statement of this.#statements) await settled((done) => statement.finalize(() => done(null)));
    await settled((done) => this.#database.close(done));
  }
}

function settled(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))));
}

/** What a check of the file found. */
export class Damage extends Error {}

/** The file is no database, or not a whole one. */
export function isDamage(error: unknown): boolean {
  if (error instanceof Damage) return true;
  const code = error instanceof Error && "errno" in error ? error.errno : undefined;
  return code === sqlite3.NOTADB || code === sqlite3.CORRUPT;
}
