// Who says what became of every message: it reads the senders' file and the journal, the latter with another SQLite and
// another CBOR library than the hub's, and shares no code with either.

import { readFileSync } from "node:fs";
import { decode } from "cborg";
import { journalRows } from "../../contract/journal-rows.ts";
import { lifeStep } from "./senders.ts";

export interface Judgement {
  /** Messages that left their agent, were confirmed to it, and stand in the journal. */
  readonly sent: number;
  readonly confirmed: number;
  readonly processed: number;
  /** Confirmed, and not in the journal. */
  readonly lost: readonly string[];
  /** In the journal more than once. */
  readonly twice: readonly string[];
  /** After a later one, or with a counter that is not its number's. */
  readonly misordered: readonly string[];
}

/** By node and session, up to which number. */
type Marks = Map<string, number>;

export function judge(ledgerPath: string, journalPath: string): Judgement {
  const sent: Marks = new Map();
  const confirmed: Marks = new Map();
  for (const line of readFileSync(ledgerPath, "utf8").split("\n")) {
    const [word, node = "", session = "", lastSeq = ""] = line.split(" ");
    if (word === "sent") raise(sent, `${node} ${session}`, Number(lastSeq));
    if (word === "confirmed") raise(confirmed, `${node} ${session}`, Number(lastSeq));
  }
  const processed = read(journalPath);
  const lost = [...confirmed].flatMap(([key, last]) => {
    const kept = processed.counts.get(key) ?? 0;
    return kept > last ? [] : [`${key}: confirmed up to ${last}, the journal has ${kept}`];
  });
  const all = (marks: Marks) => [...marks.values()].reduce((sum, last) => sum + last + 1, 0);
  return {
    sent: all(sent),
    confirmed: all(confirmed),
    processed: [...processed.counts.values()].reduce((sum, count) => sum + count, 0),
    lost,
    twice: processed.twice,
    misordered: processed.misordered,
  };
}

const raise = (marks: Marks, key: string, to: number): void =>
  void marks.set(key, Math.max(marks.get(key) ?? -1, to));

interface Read {
  /** Of each node and session the messages that stand there, from number 0 on without a hole. */
  readonly counts: Map<string, number>;
  readonly twice: string[];
  readonly misordered: string[];
}

function read(journalPath: string): Read {
  const counts: Marks = new Map();
  const firstCounter: Marks = new Map();
  const twice: string[] = [];
  const misordered: string[] = [];
  for (const { node, payload } of journalRows(journalPath)) {
    const { session, firstSeq, bodies } = batchIn(payload);
    const key = `${node} ${session}`;
    // A batch that was cut by a crash comes again whole: what was taken of it before stands in it too.
    for (const [index, counter] of bodies.entries()) {
      const seq = firstSeq + index;
      const next = counts.get(key) ?? 0;
      if (seq < next) twice.push(`${key}: number ${seq} again`);
      if (seq > next) misordered.push(`${key}: number ${seq} where ${next} was due`);
      const first = firstCounter.get(key) ?? counter;
      firstCounter.set(key, first);
      if (counter !== first + seq || first % lifeStep !== 0)
        misordered.push(`${key}: number ${seq} holds ${counter}`);
      counts.set(key, Math.max(next, seq + 1));
    }
  }
  return { counts, twice, misordered };
}

function batchIn(payload: Uint8Array): {
  readonly session: string;
  readonly firstSeq: number;
  readonly bodies: readonly number[];
} {
  const batch: unknown = decode(payload);
  if (!Array.isArray(batch)) throw new Error("the journal holds something else than batches");
  const [, , session, firstSeq, , entries]: readonly unknown[] = batch;
  if (!(session instanceof Uint8Array) || typeof firstSeq !== "number" || !Array.isArray(entries))
    throw new Error("the journal holds a batch of another shape");
  return {
    session: Buffer.from(session).toString("hex"),
    firstSeq,
    bodies: entries.map((entry: unknown) => Number(Array.isArray(entry) ? entry[7] : Number.NaN)),
  };
}
