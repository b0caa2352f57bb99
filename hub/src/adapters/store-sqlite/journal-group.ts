/** Gathers what agents send until it is written: one row of the journal, and how far each lane has come. */
import type { JournalRecord, KeptBirth, OriginMark, TakenMark } from "../../ports/journal.ts";
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
  /** A JSON array of [node, session, document in hex]. */
  readonly births: string;
  /** A JSON array of [way, session, lane, seq, sample]. */
  readonly done: string;
  /** The same, of each event that one of a group is to do. */
  readonly chosen: string;
}

/** Two for the node's place, a hub knows a thousand nodes; four for the length. */
const placeBytes = 6;
/** About what a record costs beside its payload. */
const recordBytes = 100;

export class JournalGather implements Gathered<JournalGroup> {
  #nextId: number;
  #records: JournalRecord[] = [];
  #births: KeptBirth[] = [];
  /** By way and session: of many in one commit the last counts. */
  readonly #done = new Map<string, OriginMark>();
  #chosen: OriginMark[] = [];
  bytes = 0;

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  get isEmpty(): boolean {
    const isNothingKept = this.#births.length === 0 && this.#chosen.length === 0;
    return this.#records.length === 0 && isNothingKept && this.#done.size === 0;
  }

  born(birth: KeptBirth): void {
    this.#births.push(birth);
    this.bytes += 2 * birth.document.length + recordBytes;
  }

  chosen(mark: OriginMark): void {
    this.#chosen.push(mark);
    this.bytes += mark.way.length + recordBytes;
  }

  done(mark: OriginMark): void {
    const { size } = this.#done;
    this.#done.set(`${mark.way} ${mark.session} ${mark.lane}`, mark);
    if (this.#done.size > size) this.bytes += mark.way.length + recordBytes;
  }

  add(record: JournalRecord): void {
    this.#records.push(record);
    this.bytes += record.payload.length + recordBytes;
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
      births: this.#takeBirths(),
      done: this.#takeDone(),
      chosen: this.#takeChosen(),
    };
  }

  #takeBirths(): string {
    if (this.#births.length === 0) return "[]";
    const births = this.#births;
    this.#births = [];
    return JSON.stringify(
      births.map(({ node, session, document }) => [node, session, Buffer.from(document).toString("hex")]),
    );
  }

  #takeDone(): string {
    if (this.#done.size === 0) return "[]";
    const marks = [...this.#done.values()];
    this.#done.clear();
    return textOf(marks);
  }

  #takeChosen(): string {
    if (this.#chosen.length === 0) return "[]";
    const marks = this.#chosen;
    this.#chosen = [];
    return textOf(marks);
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

const textOf = (marks: readonly OriginMark[]): string =>
  JSON.stringify(marks.map(({ way, session, lane, seq, sample }) => [way, session, lane, seq, sample]));
