// What stands in a journal's file, read by another SQLite than the hub's: the judge of what the hub says it has kept.

import { DatabaseSync } from "node:sqlite";

export interface JournalRow {
  readonly id: number;
  readonly node: string;
  readonly payload: Buffer;
}

/** Every batch, in its order; of a hub that runs, perhaps only those of commits after `after`. */
export function journalRows(path: string, after = 0): readonly JournalRow[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare("SELECT id, nodes, places, batches FROM journal WHERE id > ? ORDER BY id")
      .all(after)
      .flatMap(batchesOf);
  } finally {
    database.close();
  }
}

function batchesOf({ id, nodes, places, batches }: Record<string, unknown>): readonly JournalRow[] {
  if (typeof nodes !== "string" || !(places instanceof Uint8Array) || !(batches instanceof Uint8Array))
    throw new Error(`commit ${String(id)} has the wrong types`);
  const names: unknown = JSON.parse(nodes);
  const rows: JournalRow[] = [];
  const place = new DataView(places.buffer, places.byteOffset, places.byteLength);
  let at = 0;
  for (let index = 0; index < places.length; index += 6) {
    const node: unknown = Array.isArray(names) ? names[place.getUint16(index, true)] : undefined;
    const bytes = place.getUint32(index + 2, true);
    rows.push({ id: Number(id), node: String(node), payload: Buffer.from(batches.subarray(at, at + bytes)) });
    at += bytes;
  }
  if (at !== batches.length) throw new Error(`commit ${String(id)} has bytes that belong to no batch`);
  return rows;
}
