/**
 * Brings a group to disk in one transaction, with one statement for each kind of change however many there are: a
 * row at a time costs forty times as much. The rows travel as a JSON text, and payloads as one blob with their places
 * in that text.
 */
import type { ChangeGroup } from "./change-fold.ts";
import type { Database, Statement } from "./database.ts";

/** In the order in which they are written: what ended makes room before what is new. */
const statements = {
  endSessions: "DELETE FROM session WHERE id IN (SELECT value FROM json_each(?1))",
  sessions: `INSERT INTO session (id, client, away_since_us)
    SELECT value->>0, value->>1, value->>2 FROM json_each(?1) WHERE true
    ON CONFLICT (id) DO UPDATE SET away_since_us = excluded.away_since_us`,
  unsubscribe: `DELETE FROM subscription
    WHERE (session, filter) IN (SELECT value->>0, value->>1 FROM json_each(?1))`,
  subscribe: `INSERT OR REPLACE INTO subscription (session, filter, qos)
    SELECT value->>0, value->>1, value->>2 FROM json_each(?1)`,
  done: `DELETE FROM message WHERE (session, number) IN (SELECT value->>0, value->>1 FROM json_each(?1))`,
  queue: `INSERT OR REPLACE INTO message (session, number, topic, payload, qos, at_us, packet_id, is_received)
    SELECT value->>0, value->>1, value->>2, substr(?2, value->>3, value->>4),
      value->>5, value->>6, value->>7, value->>8 FROM json_each(?1)`,
  change: `UPDATE message
    SET packet_id = coalesce(change.value->>2, packet_id), is_received = max(is_received, change.value->>3)
    FROM json_each(?1) AS change
    WHERE session = change.value->>0 AND number = change.value->>1`,
  release: `DELETE FROM incoming
    WHERE (session, packet_id) IN (SELECT value->>0, value->>1 FROM json_each(?1))`,
  takeIn: `INSERT OR REPLACE INTO incoming (session, packet_id)
    SELECT value->>0, value->>1 FROM json_each(?1)`,
  retainedGone: "DELETE FROM retained WHERE topic IN (SELECT value FROM json_each(?1))",
  retain: `INSERT OR REPLACE INTO retained (topic, payload, qos, owner, at_us)
    SELECT value->>0, substr(?2, value->>1, value->>2), value->>3, value->>4, value->>5 FROM json_each(?1)`,
} as const satisfies Record<string, string>;

type StatementName = keyof typeof statements;
const names = Object.keys(statements).filter((name): name is StatementName => name in statements);

interface Run {
  readonly name: StatementName;
  readonly parameters: readonly (string | Buffer)[];
}

export class GroupWriter {
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #statements: ReadonlyMap<StatementName, Statement>;

  private constructor(
    transaction: readonly [Statement, Statement, Statement],
    prepared: ReadonlyMap<StatementName, Statement>,
  ) {
    [this.#begin, this.#commit, this.#rollback] = transaction;
    this.#statements = prepared;
  }

  static async prepare(database: Database): Promise<GroupWriter> {
    const begin = await database.prepare("BEGIN IMMEDIATE");
    const commit = await database.prepare("COMMIT");
    const rollback = await database.prepare("ROLLBACK");
    const prepared = new Map<StatementName, Statement>();
    for (const name of names) prepared.set(name, await database.prepare(statements[name]));
    return new GroupWriter([begin, commit, rollback], prepared);
  }

  /** On disk when it resolves; rejects when it may not be there. The same group may be written again. */
  async write(group: ChangeGroup): Promise<void> {
    const rows = rowsOf(group);
    const runs = names.flatMap((name) => rows[name].parameters().map((parameters) => ({ name, parameters })));
    const [first, ...others] = runs;
    if (first === undefined) return;
    // One statement is a transaction by itself, and saves two ways to the other thread and back.
    if (others.length === 0) return this.#run(first);
    await this.#begin.run([]);
    try {
      for (const run of runs) await this.#run(run);
      await this.#commit.run([]);
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
  }

  async #run({ name, parameters }: Run): Promise<void> {
    await this.#statements.get(name)?.run(parameters);
  }

  /** After some failures, a full disk among them, SQLite has rolled back already and says so. */
  async #rollBack(): Promise<void> {
    await this.#rollback.run([]).catch(() => undefined);
  }
}

/** A statement takes this much at a time: it holds on to what it was given last. More goes into another run of it. */
const runBytesMax = 1024 * 1024;

/** Rows of one statement: each a list of values in JSON, with its payload in a blob. */
class Rows {
  readonly #finished: (readonly (string | Buffer)[])[] = [];
  #text = "";
  #parts: Uint8Array[] = [];
  #place = firstPlace;

  add(values: string): void {
    this.#text += this.#text === "" ? values : `,${values}`;
    if (this.#text.length + this.#place > runBytesMax) this.#finish();
  }

  /** Takes a payload into the blob, and says where it lies as two values. `add` comes next. */
  place(payload: Uint8Array): string {
    const place = `${this.#place},${payload.length}`;
    this.#parts.push(payload);
    this.#place += payload.length;
    return place;
  }

  /** Of each run. */
  parameters(): readonly (readonly (string | Buffer)[])[] {
    if (this.#text !== "") this.#finish();
    return this.#finished;
  }

  #finish(): void {
    const text = `[${this.#text}]`;
    this.#finished.push(
      this.#parts.length === 0 ? [text] : [text, Buffer.concat([leadingByte, ...this.#parts])],
    );
    this.#text = "";
    this.#parts = [];
    this.#place = firstPlace;
  }
}

/** SQLite takes an empty blob for NULL. */
const leadingByte = Buffer.of(0);
/** SQLite counts the bytes of a blob from 1. */
const firstPlace = leadingByte.length + 1;

type RowsByStatement = Readonly<Record<StatementName, Rows>>;

function rowsOf(group: ChangeGroup): RowsByStatement {
  const rows: RowsByStatement = {
    endSessions: new Rows(),
    sessions: new Rows(),
    unsubscribe: new Rows(),
    subscribe: new Rows(),
    done: new Rows(),
    queue: new Rows(),
    change: new Rows(),
    release: new Rows(),
    takeIn: new Rows(),
    retainedGone: new Rows(),
    retain: new Rows(),
  };
  for (const id of group.endedSessions) rows.endSessions.add(`${id}`);
  for (const [id, { client, awaySince }] of group.sessions) {
    rows.sessions.add(`[${id},${JSON.stringify(client)},${awaySince ?? null}]`);
  }
  addInSessions(rows, group);
  for (const [topic, message] of group.retained) {
    const name = JSON.stringify(topic);
    if (message === undefined) rows.retainedGone.add(name);
    else {
      const { payload, qos, owner, at } = message;
      const place = rows.retain.place(payload);
      rows.retain.add(`[${name},${place},${qos},${JSON.stringify(owner)},${at}]`);
    }
  }
  return rows;
}

function addInSessions(rows: RowsByStatement, { bySession }: ChangeGroup): void {
  for (const [id, { subscriptions, messages, incoming }] of bySession) {
    for (const [filter, qos] of subscriptions) {
      if (qos === undefined) rows.unsubscribe.add(`[${id},${JSON.stringify(filter)}]`);
      else rows.subscribe.add(`[${id},${JSON.stringify(filter)},${qos}]`);
    }
    for (const [number, change] of messages) {
      if (change.kind === "done") {
        rows.done.add(`[${id},${number}]`);
        continue;
      }
      const sent = `${change.packetId ?? null},${Number(change.isReceived)}`;
      if (change.kind === "changed") rows.change.add(`[${id},${number},${sent}]`);
      else {
        const { topic, payload, qos, at } = change.message;
        const place = rows.queue.place(payload);
        rows.queue.add(`[${id},${number},${JSON.stringify(topic)},${place},${qos},${at},${sent}]`);
      }
    }
    for (const [packetId, isIncoming] of incoming) {
      (isIncoming ? rows.takeIn : rows.release).add(`[${id},${packetId}]`);
    }
  }
}
