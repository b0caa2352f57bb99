// Who says what became of every durable reading: it reads what the agent wrote down before it did anything, and the
// hub's journal with another SQLite and another CBOR library than ours.

import { readFileSync } from "node:fs";
import { decode } from "cborg";
import { journalRows } from "../../contract/journal-rows.ts";

export interface SpoolJudgement {
  /** Readings that the agent's spool called safe, and those that stand in the journal. */
  readonly safe: number;
  readonly processed: number;
  /** Readings that came a second time, and were known. */
  readonly repeated: number;
  /** Safe, and not in the journal. */
  readonly lost: readonly string[];
  /** In the journal under two numbers. */
  readonly twice: readonly string[];
  /** After a later one. */
  readonly misordered: readonly string[];
}

export function judgeSpool(ledgerPath: string, journalPath: string, node: string): SpoolJudgement {
  const safe = safeIn(ledgerPath);
  const { counters, repeated, twice } = processedIn(journalPath, node);
  const known = new Set(counters);
  const lost = rangesOf([...safe].filter((counter) => !known.has(counter)));
  const misordered = counters.flatMap((counter, index) => {
    const before = counters[index - 1] ?? 0;
    return counter > before ? [] : [`${counter} after ${before}`];
  });
  return { safe: safe.size, processed: counters.length, repeated, lost, twice, misordered };
}

function safeIn(path: string): Set<number> {
  const safe = new Set<number>();
  for (const [, first, last] of readFileSync(path, "utf8").matchAll(/^safe (\d+) (\d+)$/gm))
    for (let counter = Number(first); counter <= Number(last); counter += 1) safe.add(counter);
  return safe;
}

/** What stands in the journal, in its order, each number of a session once. */
function processedIn(path: string, node: string) {
  const numbered = new Map<string, number>();
  const seen = new Map<number, string>();
  const counters: number[] = [];
  const twice: string[] = [];
  let repeated = 0;
  for (const { payload } of journalRows(path).filter((row) => row.node === node)) {
    for (const { name, counter } of readingsIn(payload)) {
      const known = numbered.get(name);
      if (known === counter) repeated += 1;
      if (known === counter) continue;
      if (known !== undefined) twice.push(`${name} was ${known} and is ${counter}`);
      const other = seen.get(counter);
      if (other !== undefined) twice.push(`${counter} is ${name} and ${other}`);
      numbered.set(name, counter);
      seen.set(counter, name);
      counters.push(counter);
    }
  }
  return { counters, repeated, twice };
}

function readingsIn(payload: Uint8Array): readonly { readonly name: string; readonly counter: number }[] {
  const batch: unknown = decode(payload);
  if (!Array.isArray(batch)) throw new Error("the journal holds something else than batches");
  const [, lane, session, firstSeq, , entries]: readonly unknown[] = batch;
  if (!(session instanceof Uint8Array) || typeof firstSeq !== "number" || !Array.isArray(entries))
    throw new Error("the journal holds a batch of another shape");
  if (lane !== 3) return [];
  const hex = Buffer.from(session).toString("hex");
  return entries.map((entry: unknown, index) => ({
    name: `${hex} ${firstSeq + index}`,
    counter: Number(Array.isArray(entry) ? entry[7] : Number.NaN),
  }));
}

/** `12-15`, so that one fault is one line. */
function rangesOf(counters: readonly number[]): readonly string[] {
  const ranges: [number, number][] = [];
  for (const counter of counters.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === counter - 1) last[1] = counter;
    else ranges.push([counter, counter]);
  }
  return ranges.map(([first, last]) => `${first}-${last}`);
}
