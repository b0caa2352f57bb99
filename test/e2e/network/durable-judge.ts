// What the journal has of a durable output, read by another SQLite and another CBOR library than ours.

import { decode } from "cborg";
import { journalRows } from "../../contract/journal-rows.ts";

export interface Durable {
  /** The counters of an output in the order of the journal, each message once. */
  readonly counters: readonly number[];
  /** Messages that came a second time under the number they had. */
  readonly repeated: number;
}

/** By `node/instance/output`. */
export function durablesIn(journalPath: string): ReadonlyMap<string, Durable> {
  const known = new Set<string>();
  const found = new Map<string, { counters: number[]; repeated: number }>();
  for (const { node, payload } of journalRows(journalPath)) {
    for (const { name, from, counter } of spooledIn(payload)) {
      const output = `${node}/${from}`;
      const durable = found.get(output) ?? { counters: [], repeated: 0 };
      found.set(output, durable);
      if (known.has(`${node} ${name}`)) durable.repeated += 1;
      else durable.counters.push(counter);
      known.add(`${node} ${name}`);
    }
  }
  return found;
}

/** Spooled outputs have the lane of least urgency for themselves. */
const bulk = 3;

function spooledIn(payload: Uint8Array) {
  const batch: unknown = decode(payload);
  if (!Array.isArray(batch)) throw new Error("the journal holds something else than batches");
  const [, lane, session, firstSeq, , entries]: readonly unknown[] = batch;
  if (!(session instanceof Uint8Array) || typeof firstSeq !== "number" || !Array.isArray(entries))
    throw new Error("the journal holds a batch of another shape");
  if (lane !== bulk) return [];
  return entries.map((entry: unknown, index) => {
    if (!Array.isArray(entry)) throw new Error("the journal holds an entry of another shape");
    const name = `${Buffer.from(session).toString("hex")} ${firstSeq + index}`;
    return { name, from: String(entry[1]), counter: Number(entry[7]) };
  });
}
