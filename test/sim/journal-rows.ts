/** What lies in the hub's journal: the tables of the real one as maps, moved on by a commit as its trigger does. */
import type { JournalGroup } from "../../hub/src/adapters/store-sqlite/journal-group.ts";
import type {
  KeptBatch,
  KeptBefore,
  KeptBirth,
  OriginMark,
  Stamp,
  TakenMark,
} from "../../hub/src/ports/journal.ts";
import type { Micros, Millis } from "@interactor/shared/kernel/units";
import { isLane, type Lane } from "@interactor/shared/wire/lanes";
import { sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import { type Session, sessionOf } from "@interactor/shared/wire/session";

export class JournalRows {
  nextId = 1;
  /** When the last commit was made. */
  at: Micros | undefined;
  readonly #batches: KeptBatch[] = [];
  /** In each, what was written last stands at the end. */
  readonly #taken = new Map<string, TakenMark>();
  readonly #births = new Map<string, KeptBirth>();
  readonly #done = new Map<string, OriginMark>();
  readonly #chosen = new Map<string, OriginMark>();
  readonly #gone = new Map<string, Micros>();

  /** Returns the batches of the group. */
  commit(group: JournalGroup, stamp: Stamp): readonly KeptBatch[] {
    this.nextId = group.id + 1;
    this.at = stamp.at;
    const batches = batchesIn(group, stamp);
    this.#batches.push(...batches);
    for (const row of rowsIn(group.marks)) {
      const mark = { node: row.text(0), session: row.session(1), lane: row.lane(2), next: row.number(3) };
      putLast(this.#taken, `${mark.node} ${mark.session} ${mark.lane}`, mark);
    }
    for (const node of listIn(group.gone)) this.#forget(String(node), stamp.at);
    for (const row of rowsIn(group.births)) {
      const birth = { node: row.text(0), session: row.session(1), document: Buffer.from(row.text(2), "hex") };
      putLast(this.#births, `${birth.node} ${birth.session}`, birth);
    }
    for (const mark of marksIn(group.done))
      putLast(this.#done, `${mark.way} ${mark.session} ${mark.lane}`, mark);
    for (const mark of marksIn(group.chosen))
      putLast(this.#chosen, `${mark.way} ${mark.session} ${mark.lane} ${mark.seq} ${mark.sample}`, mark);
    return batches;
  }

  /** As the real one loads them: of each node the sessions written last. */
  get taken(): readonly TakenMark[] {
    const sessions = new Map<string, Set<Session>>();
    for (const { node, session } of [...this.#taken.values()].toReversed()) {
      const known = sessions.get(node) ?? new Set();
      if (known.size < 2 * sessionsPerNodeMax) known.add(session);
      sessions.set(node, known);
    }
    return [...this.#taken.values()].filter(({ node, session }) => sessions.get(node)?.has(session) === true);
  }

  get kept(): KeptBefore {
    return {
      births: [...this.#births.values()],
      marks: [...this.#done.values()],
      choices: [...this.#chosen.values()],
      gone: new Map(this.#gone),
    };
  }

  /** What these nodes sent that was committed within `span` before the last commit. */
  recent(span: Millis, nodes: ReadonlySet<string>): readonly KeptBatch[] {
    const last = this.#batches.at(-1)?.stamp.at ?? 0;
    return this.#batches.filter(({ node, stamp }) => nodes.has(node) && last - stamp.at <= span * 1000);
  }

  #forget(node: string, at: Micros): void {
    const isOf = (way: string): boolean => ` ${way}`.includes(` ${node}/`);
    for (const [key, birth] of this.#births) if (birth.node === node) this.#births.delete(key);
    for (const marks of [this.#done, this.#chosen])
      for (const [key, { way }] of marks) if (isOf(way)) marks.delete(key);
    this.#gone.set(node, at);
  }
}

function putLast<Each>(map: Map<string, Each>, key: string, each: Each): void {
  map.delete(key);
  map.set(key, each);
}

const placeBytes = 6;

function batchesIn({ nodes, places, batches }: JournalGroup, stamp: Stamp): readonly KeptBatch[] {
  const names = listIn(nodes);
  const kept: KeptBatch[] = [];
  let start = 0;
  for (let at = 0; at < places.length; at += placeBytes) {
    const end = start + places.readUInt32LE(at + 2);
    // The group's memory is its own.
    kept.push({ node: String(names[places.readUInt16LE(at)]), payload: batches.subarray(start, end), stamp });
    start = end;
  }
  return kept;
}

function listIn(text: string): readonly unknown[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new TypeError("a commit has lists");
  return list;
}

interface Row {
  text(place: number): string;
  number(place: number): number;
  lane(place: number): Lane;
  session(place: number): Session;
}

const rowsIn = (text: string): readonly Row[] =>
  listIn(text).map((fields) => {
    const at = (place: number): unknown => (Array.isArray(fields) ? fields[place] : undefined);
    return {
      text: (place) => String(at(place)),
      number: (place) => Number(at(place)),
      lane(place) {
        const lane = at(place);
        if (!isLane(lane)) throw new TypeError("a row has a lane");
        return lane;
      },
      session: (place) => sessionOf(Buffer.from(String(at(place)), "hex")),
    };
  });

const marksIn = (text: string): readonly OriginMark[] =>
  rowsIn(text).map((row) => ({
    way: row.text(0),
    session: row.session(1),
    lane: row.lane(2),
    seq: row.number(3),
    sample: row.number(4),
  }));
