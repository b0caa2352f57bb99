/** Gathers what agents send until it is written: one row of the journal, and how far each lane has come. */
import type { JournalRecord, TakenMark } from "../../ports/journal.ts";
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
/** About what a record costs beside its payload. */
const recordBytes = 100;

/** What one node sent. */
interface OfNode {
  /** Among the nodes of which there are batches; -1: there are none. */
  place: number;
  /** Of each lane of a session where it has come to. */
  readonly marks: TakenMark[];
}

export class JournalGather implements Gathered<JournalGroup> {
  #nextId: number;
  #nodes = new Map<string, OfNode>();
  #names: string[] = [];
  /** For each batch the place of its node. */
  #places: number[] = [];
  #payloads: Uint8Array[] = [];
  bytes = 0;

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  add(record: JournalRecord): void {
    const { node, payload } = record;
    let known = this.#nodes.get(node);
    if (known === undefined) this.#nodes.set(node, (known = { place: -1, marks: [] }));
    mark(known.marks, record);
    this.bytes += payload.length + recordBytes;
    if (payload.length === 0) return;
    if (known.place < 0) known.place = this.#names.push(node) - 1;
    this.#places.push(known.place);
    this.#payloads.push(payload);
  }

  take(): JournalGroup {
    const group = {
      id: this.#nextId,
      nodes: JSON.stringify(this.#names),
      places: this.#placesAsBytes(),
      batches: Buffer.concat(this.#payloads),
      marks: JSON.stringify(
        [...this.#nodes.values()].flatMap(({ marks }) =>
          marks.map(({ node, session, lane, next }) => [node, session, lane, next]),
        ),
      ),
    };
    this.#nextId += 1;
    this.#nodes = new Map();
    this.#names = [];
    this.#places = [];
    this.#payloads = [];
    this.bytes = 0;
    return group;
  }

  #placesAsBytes(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#places.length * placeBytes);
    for (const [index, payload] of this.#payloads.entries()) {
      bytes.writeUInt16LE(this.#places[index] ?? 0, index * placeBytes);
      bytes.writeUInt32LE(payload.length, index * placeBytes + 2);
    }
    return bytes;
  }
}

/** Of a lane only where it has come to in the end. */
function mark(marks: TakenMark[], record: TakenMark): void {
  const at = marks.findIndex(({ lane, session }) => lane === record.lane && session === record.session);
  marks[at === -1 ? marks.length : at] = record;
}
