/** Gathers what agents send until it is written: one row of the journal, and how far each lane has come. */
import type { JournalRecord, TakenMark } from "../../ports/journal.ts";
import type { Session } from "@interactor/shared/wire/session";
import type { Gathered } from "./group-commit.ts";

/** What one commit brings to the disk. May be written again: it says of every row how it ends. */
export interface JournalGroup {
  readonly id: number;
  /** A JSON array of names. */
  readonly nodes: string;
  /** Six bytes a batch: its node's place in `nodes`, and its bytes. */
  readonly places: Buffer;
  readonly batches: Buffer;
  /** A JSON array of [node, session, lane, next]. */
  readonly marks: string;
}

/** Two for the node's place, a hub knows a thousand nodes; four for the length. */
const placeBytes = 6;
/** One commit. More: the next one takes it, so that what waited for long is not held several times over in one write. */
const groupBytesMax = 2 * 1024 * 1024;
/** About what a record costs beside its payload. */
const recordBytes = 100;

const keyOf = (node: string, session: Session): string => `${node} ${session}`;

export class JournalGather implements Gathered<JournalGroup> {
  #nextId: number;
  #records: JournalRecord[] = [];
  /** By node and session, with the commit after which it need not be known any more. */
  readonly #forgotten = new Map<
    string,
    { readonly node: string; readonly session: Session; readonly id: number }
  >();
  bytes = 0;

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  get isFull(): boolean {
    return this.bytes >= groupBytesMax;
  }

  add(record: JournalRecord): void {
    // It is of use again.
    if (this.#forgotten.size > 0) this.#forgotten.delete(keyOf(record.node, record.session));
    this.#records.push(record);
    this.bytes += record.payload.length + recordBytes;
  }

  forget(node: string, session: Session): void {
    this.#forgotten.set(keyOf(node, session), { node, session, id: this.#nextId });
  }

  /** Sessions that are to be forgotten. */
  get forgotten(): number {
    return this.#forgotten.size;
  }

  /** What need not be known any more now that the commit `id` is on disk, as a JSON array of [node, session]. */
  takeForgotten(id: number): string {
    const due: [string, Session][] = [];
    for (const [key, forgotten] of this.#forgotten) {
      if (forgotten.id > id) continue;
      due.push([forgotten.node, forgotten.session]);
      this.#forgotten.delete(key);
    }
    return JSON.stringify(due);
  }

  take(): JournalGroup {
    const records = this.#records;
    this.#records = [];
    this.bytes = 0;
    const id = this.#nextId;
    this.#nextId += 1;
    const names = new Map<string, number>();
    const kept = records.filter(({ payload }) => payload.length > 0);
    const places = Buffer.allocUnsafe(kept.length * placeBytes);
    for (const [index, { node, payload }] of kept.entries()) {
      let place = names.get(node);
      if (place === undefined) names.set(node, (place = names.size));
      places.writeUInt16LE(place, index * placeBytes);
      places.writeUInt32LE(payload.length, index * placeBytes + 2);
    }
    return {
      id,
      nodes: JSON.stringify([...names.keys()]),
      places,
      batches: Buffer.concat(kept.map(({ payload }) => payload)),
      marks: this.#takeMarks(records),
    };
  }

  /** Of each lane only where it has come to in the end. */
  #takeMarks(records: readonly JournalRecord[]): string {
    const byNode = new Map<string, TakenMark[]>();
    for (const record of records) {
      const marks = byNode.get(record.node);
      if (marks === undefined) byNode.set(record.node, [record]);
      else {
        const at = marks.findIndex(({ lane, session }) => lane === record.lane && session === record.session);
        marks[at === -1 ? marks.length : at] = record;
      }
    }
    const rows = [...byNode.values()]
      .flat()
      .map(({ node, session, lane, next }) => [node, session, lane, next]);
    return JSON.stringify(rows);
  }
}
