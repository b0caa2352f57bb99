/** Gathers what agents send until it is written: one row of the journal, and how far each lane has come. */
import type { Lane } from "@interactor/shared/wire/lanes";
import type { Session } from "@interactor/shared/wire/session";
import type { JournalRecord } from "../../ports/journal.ts";
import type { Gathered } from "./group-commit.ts";
import { MarksGather, type MarksGroup } from "./journal-marks.ts";

/** What one commit brings to the disk. May be written again: it says of every row how it ends. */
export interface JournalGroup extends MarksGroup {
  readonly id: number;
  /** A JSON array of names. */
  readonly nodes: string;
  /** Six bytes a batch: its node's place in `nodes`, and its bytes. */
  readonly places: Buffer;
  readonly batches: Buffer;
  /** A JSON array of [node, session, lane, next]. */
  readonly marks: string;
}

/** A hub knows a thousand nodes. */
const placeBytes = 2;
const lengthBytes = 4;
/** One commit. More: the next one takes it, so that what waited for long is not held several times over in one write. */
const groupBytesMax = 2 * 1024 * 1024;
/** About what a record costs beside its payload. */
const recordBytes = 100;

const keyOf = (node: string, session: Session): string => `${node} ${session}`;

/** What one node sent. */
interface OfNode {
  /** Among the nodes of which there are batches; -1: there are none. */
  place: number;
  /** Of each lane of a session where it has come to in the end. */
  readonly marks: { readonly session: Session; readonly lane: Lane; next: number }[];
}

function moveOn(marks: OfNode["marks"], session: Session, lane: Lane, next: number): void {
  for (const mark of marks) {
    if (mark.lane !== lane || mark.session !== session) continue;
    mark.next = next;
    return;
  }
  marks.push({ session, lane, next });
}

export class JournalGather implements Gathered<JournalGroup> {
  /** What is needed to route again what may not have been delivered. */
  readonly kept = new MarksGather();
  #nextId: number;
  #nodes = new Map<string, OfNode>();
  #names: string[] = [];
  #places = new Bytes();
  #batches = new Bytes();
  #records = 0;
  /** By node and session, with the commit after which it need not be known any more. */
  readonly #forgotten = new Map<
    string,
    { readonly node: string; readonly session: Session; readonly id: number }
  >();

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  get isEmpty(): boolean {
    return this.#records === 0 && this.kept.isEmpty;
  }

  get bytes(): number {
    return this.#batches.length + this.#records * recordBytes + this.kept.bytes;
  }

  get isFull(): boolean {
    return this.bytes >= groupBytesMax;
  }

  /** Copies the payload: it would keep alive all that its client sent with it. */
  add({ node, session, lane, next, payload }: JournalRecord): void {
    // It is of use again.
    if (this.#forgotten.size > 0) this.#forgotten.delete(keyOf(node, session));
    let known = this.#nodes.get(node);
    if (known === undefined) this.#nodes.set(node, (known = { place: -1, marks: [] }));
    moveOn(known.marks, session, lane, next);
    this.#records += 1;
    if (payload.length === 0) return;
    if (known.place < 0) known.place = this.#names.push(node) - 1;
    this.#places.number(known.place, placeBytes);
    this.#places.number(payload.length, lengthBytes);
    this.#batches.add(payload);
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
    const marks: unknown[] = [];
    for (const [node, ofNode] of this.#nodes)
      for (const { session, lane, next } of ofNode.marks) marks.push([node, session, lane, next]);
    const group = {
      id: this.#nextId,
      nodes: JSON.stringify(this.#names),
      places: this.#places.taken,
      batches: this.#batches.taken,
      marks: JSON.stringify(marks),
      ...this.kept.take(),
    };
    this.#nextId += 1;
    this.#nodes = new Map();
    this.#names = [];
    this.#places = new Bytes(this.#places.length);
    this.#batches = new Bytes(this.#batches.length);
    this.#records = 0;
    return group;
  }
}

const bytesMin = 1024;

/** Bytes one after the other. */
class Bytes {
  length = 0;
  #buffer: Buffer;

  /** `expected`: about so many will come. */
  constructor(expected = 0) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(expected, bytesMin));
  }

  get taken(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  add(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Little-endian, in so many bytes. */
  number(value: number, width: number): void {
    const at = this.#room(width);
    for (let place = 0; place < width; place += 1) this.#buffer[at + place] = value >>> (8 * place);
  }

  /** Makes room for so many bytes more, and says where they go. */
  #room(more: number): number {
    const at = this.length;
    this.length += more;
    if (this.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}
