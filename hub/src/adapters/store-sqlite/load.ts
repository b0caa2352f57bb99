/** Reads what is kept, once, at the start. */
import type { KeptRetained, KeptSession, Qos } from "../../ports/broker-store.ts";
import type { BrokerLimits } from "../../ports/broker.ts";
import type { OpenSession } from "./change-fold.ts";
import type { Database, Row } from "./database.ts";
import { invariant } from "@interactor/shared/kernel/assert";
import { type Micros, micros } from "@interactor/shared/kernel/units";

/** What the broker held itself to. */
export type KeptLimits = Pick<
  BrokerLimits,
  | "connectionsMax"
  | "sessionsMax"
  | "subscriptionsMax"
  | "sessionMessagesMax"
  | "sessionBytesMax"
  | "retainedMax"
  | "retainedBytesMax"
  | "retainedPerClientMax"
  | "retainedBytesPerClientMax"
>;

export interface Loaded {
  readonly kept: { readonly sessions: readonly KeptSession[]; readonly retained: readonly KeptRetained[] };
  readonly open: readonly OpenSession[];
}

/**
 * Takes away what is over a limit, which may have been lowered: nothing is read that the broker would not have taken.
 * Gives the number of rows that went, by what they were.
 */
export async function evictOverLimits(
  database: Database,
  limits: KeptLimits,
): Promise<Readonly<Record<string, number>>> {
  const evicted: Record<string, number> = {};
  for (const [name, sql, parameters] of evictions(limits)) {
    const rows = await database.rows(`${sql} RETURNING 1`, ...parameters);
    if (rows.length > 0) evicted[name] = (evicted[name] ?? 0) + rows.length;
  }
  return evicted;
}

/** The newest stay: of sessions whose client left last, of messages those that came last. Of retained ones within a client's share first. */
function evictions(limits: KeptLimits): readonly (readonly [string, string, readonly number[]])[] {
  const newestSessions = "away_since_us IS NULL DESC, away_since_us DESC, id DESC";
  return [
    [
      "sessions",
      `DELETE FROM session WHERE id IN (SELECT id FROM session WHERE away_since_us IS NOT NULL
        ORDER BY ${newestSessions} LIMIT -1 OFFSET ?1)`,
      [limits.sessionsMax],
    ],
    [
      "sessions",
      `DELETE FROM session WHERE id IN (SELECT id FROM session ORDER BY ${newestSessions} LIMIT -1 OFFSET ?1)`,
      [limits.sessionsMax + limits.connectionsMax],
    ],
    [
      "sessions",
      `DELETE FROM session WHERE id IN (SELECT id FROM (
        SELECT id, sum((SELECT count(*) FROM subscription WHERE session = id)) OVER (ORDER BY ${newestSessions}) AS total
        FROM session) WHERE total > ?1)`,
      [limits.subscriptionsMax],
    ],
    [
      "messages",
      `DELETE FROM message WHERE (session, number) IN (SELECT session, number FROM (
        SELECT session, number, row_number() OVER (PARTITION BY session ORDER BY number DESC) AS place
        FROM message) WHERE place > ?1)`,
      [limits.sessionMessagesMax],
    ],
    [
      "messages",
      `DELETE FROM message WHERE (session, number) IN (SELECT session, number FROM (
        SELECT session, number, sum(length(topic) + length(payload)) OVER
          (ORDER BY at_us DESC, session DESC, number DESC ROWS UNBOUNDED PRECEDING) AS total
        FROM message) WHERE total > ?1)`,
      [limits.sessionBytesMax],
    ],
    [
      "retained",
      retainedOver("PARTITION BY owner"),
      [limits.retainedPerClientMax, limits.retainedBytesPerClientMax],
    ],
    ["retained", retainedOver(""), [limits.retainedMax, limits.retainedBytesMax]],
  ];
}

const retainedOver = (partition: string): string =>
  `DELETE FROM retained WHERE topic IN (SELECT topic FROM (
    SELECT topic, row_number() OVER newest AS place, sum(length(topic) + length(payload)) OVER newest AS total
    FROM retained WINDOW newest AS (${partition} ORDER BY at_us DESC, topic ROWS UNBOUNDED PRECEDING))
    WHERE place > ?1 OR total > ?2)`;

export async function load(database: Database): Promise<Loaded> {
  const sessions = new Map<number, Loading>();
  for (const row of await database.rows("SELECT * FROM session ORDER BY client")) {
    const awaySince = wholeOrNone(row, "away_since_us");
    const client = text(row, "client");
    sessions.set(whole(row, "id"), {
      kept: { client, awaySince: at(awaySince), subscriptions: [], messages: [], incoming: [] },
      open: { id: whole(row, "id"), client, lastNumber: 0, incoming: new Set() },
    });
  }
  const sessionOf = (row: Row): Loading | undefined => sessions.get(whole(row, "session"));
  for (const row of await database.rows("SELECT * FROM subscription ORDER BY session, filter")) {
    sessionOf(row)?.kept.subscriptions.push({ filter: text(row, "filter"), qos: qosOf(row) });
  }
  for (const row of await database.rows("SELECT * FROM message ORDER BY session, number")) {
    const session = sessionOf(row);
    session?.kept.messages.push(messageOf(row));
    if (session !== undefined) session.open.lastNumber = whole(row, "number");
  }
  for (const row of await database.rows("SELECT * FROM incoming ORDER BY session, packet_id")) {
    sessionOf(row)?.kept.incoming.push(whole(row, "packet_id"));
    sessionOf(row)?.open.incoming.add(whole(row, "packet_id"));
  }
  const retained = await database.rows("SELECT * FROM retained ORDER BY topic");
  const all = [...sessions.values()];
  return {
    kept: { sessions: all.map(({ kept }) => kept), retained: retained.map(retainedOf) },
    open: all.map(({ open }) => open),
  };
}

type Message = KeptSession["messages"][number];

interface Loading {
  readonly kept: KeptSession & {
    readonly subscriptions: { readonly filter: string; readonly qos: Qos }[];
    readonly messages: Message[];
    readonly incoming: number[];
  };
  readonly open: OpenSession;
}

function messageOf(row: Row): Message {
  const qos = qosOf(row);
  invariant(qos !== 0, "the table holds its columns' types and ranges");
  return {
    number: whole(row, "number"),
    topic: text(row, "topic"),
    payload: bytes(row, "payload"),
    qos,
    at: micros(whole(row, "at_us")),
    packetId: wholeOrNone(row, "packet_id"),
    isReceived: whole(row, "is_received") === 1,
  };
}

function retainedOf(row: Row): KeptRetained {
  return {
    topic: text(row, "topic"),
    payload: bytes(row, "payload"),
    qos: qosOf(row),
    owner: text(row, "owner"),
    at: micros(whole(row, "at_us")),
  };
}

// The tables are strict and were checked when they were opened: another type in a row would be our own mistake.

function text(row: Row, column: string): string {
  const value = row[column];
  invariant(typeof value === "string", `${column} is a text`);
  return value;
}

function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  invariant(Buffer.isBuffer(value), `${column} is a blob`);
  return value;
}

function whole(row: Row, column: string): number {
  const value = row[column];
  invariant(typeof value === "number", `${column} is a whole number`);
  return value;
}

function wholeOrNone(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : whole(row, column);
}

function at(value: number | undefined): Micros | undefined {
  return value === undefined ? undefined : micros(value);
}

function qosOf(row: Row): Qos {
  const value = row["qos"];
  invariant(value === 0 || value === 1 || value === 2, "qos is 0, 1 or 2");
  return value;
}
