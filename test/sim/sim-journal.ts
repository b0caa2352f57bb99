/**
 * The hub's journal with its real gathering and group commit, on a simulated file: a commit is on disk whole or not at
 * all, which is SQLite's promise. Whether one that was on its way when the hub was killed has arrived, chance decides.
 */
import { JournalGather, type JournalGroup } from "../../hub/src/adapters/store-sqlite/journal-group.ts";
import { GroupCommit } from "../../hub/src/adapters/store-sqlite/group-commit.ts";
import type { Journal, JournalRecord, TakenMark } from "../../hub/src/ports/journal.ts";
import type { Log } from "../../hub/src/ports/log.ts";
import { Fault } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import { isLane } from "@interactor/shared/wire/lanes";
import { sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import { sessionOf } from "@interactor/shared/wire/session";
import type { Chance } from "./chance.ts";
import type { Coverage } from "./coverage.ts";
import type { SimProcess } from "./sim-process.ts";

/** A batch as it lies in the journal. */
export type OnStored = (node: string, payload: Uint8Array) => void;

const commitTakes = 2;
/** As the real one. */
const closeWithin = seconds(3);

/** What lies on the hub's disk. */
export class JournalFile {
  /** `full`: a commit fails. */
  readonly weather = { isFull: false, slowness: 1 };
  readonly #chance: Chance;
  readonly #coverage: Coverage;
  readonly #stored: OnStored;
  #nextId = 1;
  /** The one written last at the end. */
  #marks = new Map<string, TakenMark>();
  #flight: JournalGroup | undefined;

  constructor(chance: Chance, coverage: Coverage, stored: OnStored) {
    this.#chance = chance;
    this.#coverage = coverage;
    this.#stored = stored;
  }

  open(process: SimProcess, log: Log): SimJournal {
    return new SimJournal(this, this.#nextId, this.#taken(), process, log);
  }

  async write(group: JournalGroup, process: SimProcess): Promise<void> {
    await process.ifAlive();
    this.#flight = group;
    const { slowness } = this.weather;
    if (slowness > 1) this.#coverage.fault("commit-slow");
    await process.wait(commitTakes * slowness * this.#chance.between(0.5, 2));
    this.#flight = undefined;
    if (this.weather.isFull) {
      this.#coverage.fault("commit-failed");
      throw new Fault("SQLITE_FULL", "database or disk is full");
    }
    this.#keep(group);
  }

  /** The hub is no more. */
  killed(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight === undefined || this.weather.isFull) return;
    const hasLanded = this.#chance.is(0.5);
    this.#coverage.fault(hasLanded ? "commit-landed-with-kill" : "commit-lost-with-kill");
    if (hasLanded) this.#keep(flight);
  }

  #keep({ id, nodes, places, batches, marks }: JournalGroup): void {
    this.#nextId = id + 1;
    const names: unknown = JSON.parse(nodes);
    if (!Array.isArray(names)) throw new TypeError("nodes are a list");
    let at = 0;
    for (let place = 0; place < places.length; place += 6) {
      const length = places.readUInt32LE(place + 2);
      this.#stored(String(names[places.readUInt16LE(place)]), batches.subarray(at, at + length));
      at += length;
    }
    for (const mark of readMarks(marks)) {
      const key = `${mark.node} ${mark.session} ${mark.lane}`;
      this.#marks.delete(key);
      this.#marks.set(key, mark);
    }
  }

  /** As the real one loads them: of each node the sessions written last. */
  #taken(): readonly TakenMark[] {
    const sessions = new Map<string, Set<string>>();
    for (const { node, session } of [...this.#marks.values()].toReversed()) {
      const known = sessions.get(node) ?? new Set();
      if (known.size < 2 * sessionsPerNodeMax) known.add(session);
      sessions.set(node, known);
    }
    return [...this.#marks.values()].filter(({ node, session }) => sessions.get(node)?.has(session));
  }
}

function readMarks(text: string): readonly TakenMark[] {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new TypeError("marks are a list");
  return rows.map((row: unknown) => {
    const [node, session, lane, next]: unknown[] = Array.isArray(row) ? row : [];
    if (!isLane(lane) || typeof next !== "number") throw new TypeError("a mark is no mark");
    return { node: String(node), session: sessionOf(Buffer.from(String(session), "hex")), lane, next };
  });
}

export class SimJournal implements Journal {
  readonly taken: readonly TakenMark[];
  readonly usage = { commits: 0, bytes: 0, oldest: undefined, evicted: 0 };
  readonly #gather: JournalGather;
  readonly #commit: GroupCommit<JournalGroup>;
  #changes = 0;

  constructor(
    file: JournalFile,
    nextId: number,
    taken: readonly TakenMark[],
    process: SimProcess,
    log: Log,
  ) {
    this.taken = taken;
    this.#gather = new JournalGather(nextId);
    this.#commit = new GroupCommit(this.#gather, {
      write: (group: JournalGroup) => file.write(group, process),
      what: "what agents send",
      whoWaits: "goes on waiting",
      clock: process.clock,
      log,
    });
  }

  append(record: JournalRecord): void {
    this.#changes += 1;
    this.#gather.add(record);
    this.#commit.changed();
  }

  forget(...told: Parameters<Journal["forget"]>): void {
    this.#gather.forget(...told);
  }

  whenWritten(done: (isWritten: boolean) => void): void {
    this.#commit.whenWritten(done);
  }

  get group(): number {
    return this.#commit.group;
  }

  get waitingBytes(): number {
    return this.#commit.waitingBytes;
  }

  get changes(): number {
    return this.#changes;
  }

  get problem(): string | undefined {
    return this.#commit.problem;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commit.close(closeWithin);
  }
}
