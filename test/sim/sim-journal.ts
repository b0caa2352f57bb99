/**
 * The hub's journal with its real gathering, group commit and time, on a simulated file: a commit is on disk whole or
 * not at all, which is SQLite's promise. Whether one that was on its way when the hub was killed has arrived, chance
 * decides.
 */
import { GroupCommit } from "../../hub/src/adapters/store-sqlite/group-commit.ts";
import { type JournalBehind, journalBefore } from "../../hub/src/adapters/store-sqlite/journal-front.ts";
import { JournalGather, type JournalGroup } from "../../hub/src/adapters/store-sqlite/journal-group.ts";
import { JournalTime } from "../../hub/src/adapters/store-sqlite/journal-time.ts";
import type { Journal, Stamp } from "../../hub/src/ports/journal.ts";
import type { Log } from "../../hub/src/ports/log.ts";
import { Fault } from "@interactor/shared/kernel/fault";
import { micros, seconds } from "@interactor/shared/kernel/units";
import type { Chance } from "./chance.ts";
import type { Coverage } from "./coverage.ts";
import { JournalRows } from "./journal-rows.ts";
import type { DiskWeather } from "./sim-disk.ts";
import type { SimProcess } from "./sim-process.ts";

export interface JournalWatch {
  /** A batch lies in the journal. `unheard`: its hub was killed before it knew. */
  stored(node: string, payload: Uint8Array, unheard: boolean): void;
  /** What its hub gathered until then, in ms of the world, lies in the journal. */
  committed(until: number): void;
}

interface Flight {
  readonly group: JournalGroup;
  readonly stamp: Stamp;
  readonly began: number;
}

const commitTakes = 2;
/** As the real one. */
const closeWithin = seconds(3);

/** What lies on the hub's disk. */
export class JournalFile {
  /** `isFull`: a commit fails. */
  readonly weather: DiskWeather = { isFull: false, slowness: 1 };
  readonly rows = new JournalRows();
  readonly #chance: Chance;
  readonly #coverage: Coverage;
  readonly #watch: JournalWatch;
  #flight: Flight | undefined;

  constructor(chance: Chance, coverage: Coverage, watch: JournalWatch) {
    this.#chance = chance;
    this.#coverage = coverage;
    this.#watch = watch;
  }

  /** On disk when it resolves. */
  async write(group: JournalGroup, stamp: Stamp, process: SimProcess): Promise<void> {
    await process.ifAlive();
    const flight = { group, stamp, began: process.machine.time.now };
    this.#flight = flight;
    const { slowness } = this.weather;
    if (slowness > 1) this.#coverage.fault("commit-slow");
    await process.wait(commitTakes * slowness * this.#chance.between(0.5, 2));
    this.#flight = undefined;
    if (this.weather.isFull) {
      this.#coverage.fault("commit-failed");
      throw new Fault("SQLITE_FULL", "database or disk is full");
    }
    this.#keep(flight, false);
  }

  /** The hub is no more. */
  killed(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight === undefined || this.weather.isFull) return;
    const hasLanded = this.#chance.is(0.5);
    this.#coverage.fault(hasLanded ? "commit-landed-with-kill" : "commit-lost-with-kill");
    if (hasLanded) this.#keep(flight, true);
  }

  #keep({ group, stamp, began }: Flight, unheard: boolean): void {
    for (const { node, payload } of this.rows.commit(group, stamp))
      this.#watch.stored(node, payload, unheard);
    this.#watch.committed(began);
  }
}

export function openSimJournal(file: JournalFile, process: SimProcess, log: Log): Journal {
  const { clock, machine } = process;
  const gather = new JournalGather(file.rows.nextId);
  const time = new JournalTime(clock, file.rows.at);
  const stampAt = (at: Stamp["at"]): Stamp => ({
    at,
    wall: clock.wall(),
    boot: `boot ${machine.bootedAt}`,
    uptime: micros(clock.now() * 1000),
  });
  const commit = new GroupCommit(gather, {
    write: (group: JournalGroup) => file.write(group, stampAt(time.next()), process),
    what: "what agents send",
    whoWaits: "goes on waiting",
    clock,
    log,
  });
  const { taken, kept } = file.rows;
  const behind: JournalBehind = {
    taken,
    kept,
    usage: { commits: 0, bytes: 0, oldest: undefined, evicted: 0 },
    async *recent(span, { nodes }) {
      await process.wait(1);
      yield file.rows.recent(span, nodes);
    },
    stamp: () => stampAt(time.now()),
    close: () => commit.close(closeWithin),
  };
  return journalBefore(behind, gather, commit);
}
