/** The hub of the world: its machine, what lies on its disk, and the process that runs now. */
import { createHash } from "node:crypto";
import { Hub } from "../../hub/src/hub.ts";
import type { KeptStop } from "../../hub/src/core/stop/stop-book.ts";
import { compilerHere } from "../../hub/src/adapters/site-compiler/compiling.ts";
import { allAtOnce } from "../../hub/src/hub-revisions.ts";
import type { Journal } from "../../hub/src/ports/journal.ts";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { Machine, SimProcess } from "./sim-process.ts";
import { SimBroker } from "./sim-broker.ts";
import { JournalFile, openSimJournal } from "./sim-journal.ts";
import { type RevisionFile, revisionLogOn, type RolloutFile, rolloutStoreOn } from "./sim-site-stores.ts";
import { Slot, stopStoreOn } from "./sim-stores.ts";
import { site, type Surroundings } from "./surroundings.ts";

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const person = { id: "person", user: "" };

export class SimHub {
  readonly machine: Machine;
  readonly journalFile: JournalFile;
  readonly weather = { isFull: false, slowness: 1 };
  process: SimProcess | undefined;
  life = 0;
  /** It was told to end, and is about to. */
  isEnding = false;
  hub: Hub | undefined;
  broker: SimBroker | undefined;
  journal: Journal | undefined;
  readonly #world: Surroundings;
  readonly #routes: readonly CompiledRoute[];
  readonly #stopSlot: Slot<KeptStop>;
  readonly #revisionSlot: Slot<RevisionFile>;
  readonly #rolloutSlot: Slot<RolloutFile>;

  constructor(world: Surroundings, routes: readonly CompiledRoute[]) {
    const { chance, coverage, observer, time } = world;
    this.#world = world;
    this.#routes = routes;
    this.machine = new Machine(time, 0, -100_000);
    this.journalFile = new JournalFile(chance.fork(), coverage, observer);
    this.#stopSlot = new Slot(this.weather, chance.fork(), (kept) => observer.stops.kept(kept));
    // The first routes are there in every world: a site without any has nothing to lose.
    const luck = chance.fork();
    this.#revisionSlot = new Slot({ isFull: false, slowness: 1 }, luck);
    this.#rolloutSlot = new Slot(this.weather, luck);
  }

  start(): void {
    if (this.process !== undefined) return;
    const process = new SimProcess("hub", this.machine);
    this.process = process;
    this.life += 1;
    this.#world.observer.hubLife = this.life;
    this.#world.observer.tell(`hub starts, life ${this.life}`);
    process.after(this.#world.chance.between(50, 400), () => void this.#begin(process));
  }

  async #begin(process: SimProcess): Promise<void> {
    const { chance } = this.#world;
    const log = this.#world.logOf(process);
    const journal = openSimJournal(this.journalFile, process, log);
    const hub = new Hub(
      { site, version: "1", session: chance.session() },
      {
        clock: process.clock,
        random: chance.fork(),
        log,
        journal,
        digestOf,
        stopStore: stopStoreOn(this.#stopSlot, process),
        revisionLog: await revisionLogOn(this.#revisionSlot, process),
        rolloutStore: await rolloutStoreOn(this.#rolloutSlot, process),
        compiler: compilerHere(site),
      },
    );
    await hub.load();
    const making = { author: "routes.yaml", message: "", rollout: allAtOnce };
    await hub.site.revisions.applyRoutes(this.#routes, making);
    await hub.resume();
    this.journal = journal;
    this.hub = hub;
    this.broker = new SimBroker(process, hub, this.#world);
    hub.start(this.broker, () => [journal.problem, hub.showStop.problem].flatMap((words) => words ?? []));
    this.#tap(process, hub);
  }

  get hears(): boolean {
    return this.hub !== undefined && this.process?.isPaused === false;
  }

  /** What a person's client publishes; it is always connected. */
  ask(topic: string, payload: Uint8Array): boolean {
    if (!this.hears) return false;
    this.hub?.received(person, topic, payload);
    return true;
  }

  kill(): void {
    this.process?.kill();
    this.#ended();
  }

  cutPower(): void {
    this.process?.cutPower();
    this.#ended();
    this.machine.bootedAt = this.#world.time.now;
  }

  /** SIGTERM, in the order of `main.ts`. */
  stop(): void {
    const { process, hub, broker, journal } = this;
    if (process === undefined || hub === undefined) return;
    this.isEnding = true;
    process.run(() => {
      void (async () => {
        hub.stop();
        await hub.showStop[Symbol.asyncDispose]();
        await broker?.[Symbol.asyncDispose]();
        await journal?.[Symbol.asyncDispose]();
        if (this.process !== process) return;
        process.kill();
        // What its queues held is in memory all the same.
        this.#ended();
      })();
    });
  }

  /** Every value of every source is looked at. */
  #tap(process: SimProcess, hub: Hub): void {
    for (const topic of this.#world.rawTopics) hub.maySubscribe(person, topic);
    process.after(tapEvery, () => this.#tap(process, hub));
  }

  #ended(): void {
    if (this.process === undefined) return;
    this.#world.observer.hubsEnded.add(this.life);
    this.#world.observer.hubsEndedAt.push(this.#world.time.now);
    this.#world.observer.tell(`hub ended, life ${this.life}`);
    this.journalFile.killed();
    for (const slot of [this.#stopSlot, this.#revisionSlot, this.#rolloutSlot]) slot.killed();
    this.#world.observer.stops.hubEnded(this.#stopSlot.content);
    this.process = undefined;
    this.isEnding = false;
    this.hub = undefined;
    this.broker = undefined;
    this.journal = undefined;
  }
}

/** A raw stream is a lease of a minute. */
const tapEvery = 20_000;
