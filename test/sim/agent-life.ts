/** A node of the world: its machine, what lies on its disk, and the agent that runs on it now. */
import { openSpool } from "../../agent/src/adapters/spool-segments/spool-segments.ts";
import { Agent } from "../../agent/src/agent.ts";
import type { SiteClock } from "../../agent/src/ports/site-clock.ts";
import type { SpoolLimits } from "../../agent/src/ports/spool.ts";
import { micros } from "@interactor/shared/kernel/units";
import type { Session } from "@interactor/shared/wire/session";
import type { Value } from "@interactor/shared/wire/value";
import { noSecrets, nothingFetched } from "../contract/apply/memory-apply-store.ts";
import { Machine, SimProcess } from "./sim-process.ts";
import { SimDisk } from "./sim-disk.ts";
import { disks } from "./sim-files.ts";
import { type OutputName, SimHost } from "./sim-host.ts";
import { simLink, type Paths } from "./sim-link.ts";
import { NetworkPath } from "./sim-network.ts";
import { ApplyFiles } from "./sim-apply-files.ts";
import { StateFiles } from "./sim-stores.ts";
import { site, type Surroundings } from "./surroundings.ts";

export interface NodeOptions {
  readonly name: string;
  readonly zones: readonly string[];
  readonly spool: SpoolLimits;
  /** Nothing in its spool gives way for want of room or time. */
  readonly isRoomy: boolean;
}

/** A spool gathers for 20 ms, and a disk that is well takes few more. */
const savedWithin = 1000;

export class SimNode {
  readonly name: string;
  readonly machine: Machine;
  readonly disk: SimDisk;
  readonly paths: Paths;
  readonly options: NodeOptions;
  life = 0;
  /** It was told to end, and is about to. */
  isEnding = false;
  session: Session | undefined;
  process: SimProcess | undefined;
  clock: SiteClock | undefined;
  /** Of each output of `src`: the number given last, in the life that goes on. */
  readonly lastGiven = new Map<string, number>();
  readonly #world: Surroundings;
  readonly #files: StateFiles;
  readonly #applyFiles: ApplyFiles;
  #agent: Agent | undefined;
  #host: SimHost | undefined;
  #given = 0;

  constructor(world: Surroundings, options: NodeOptions) {
    const { chance, coverage, time } = world;
    this.#world = world;
    this.options = options;
    this.name = options.name;
    world.observer.zonesOf.set(this.name, options.zones);
    // A Pi boots in 1970.
    this.machine = new Machine(time, chance.is(0.5) ? -1.8e12 : chance.between(-5000, 5000), -50_000);
    this.disk = new SimDisk(chance.fork(), coverage);
    this.#files = new StateFiles(this.disk.weather, chance.fork());
    this.#applyFiles = new ApplyFiles(this.disk.weather, chance.fork());
    this.paths = { up: new NetworkPath(1), down: new NetworkPath(1) };
    disks.set(this.name, this.disk);
  }

  /** What it is given now and until then may not come to its disk; nor what it was given just before. */
  troubled(until: number): void {
    this.disk.troubledUntil = Math.max(this.disk.troubledUntil, until);
    this.#world.observer.doubt(this.name, this.#world.time.now - savedWithin);
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  start(): void {
    if (this.process !== undefined) return;
    const process = new SimProcess(this.name, this.machine);
    this.process = process;
    this.disk.user = process;
    this.disk.isDamaged = false;
    this.life += 1;
    this.lastGiven.clear();
    this.#world.observer.tell(`${this.name} starts, life ${this.life}`);
    process.after(1, () => void this.#begin(process));
  }

  async #begin(process: SimProcess): Promise<void> {
    const { observer, chance } = this.#world;
    const { name, options, life } = this;
    const clock = siteClockOf(process);
    this.clock = clock;
    const log = this.#world.logOf(process);
    const spool = await openSpool({
      folder: `/sim/${name}/spool`,
      session: chance.session(),
      limits: options.spool,
      clock,
      log,
    });
    const session = chance.session();
    this.session = session;
    const agent = new Agent(
      {
        site,
        node: name,
        unit: `unit-${name}`,
        version: "1",
        session: this.session,
        zones: options.zones,
        instances: ["src", "sink"].map((each) => ({ name: each, module: each, settings: {} })),
      },
      {
        clock,
        random: chance.fork(),
        log,
        link: simLink(this.#world, this.paths, process),
        store: this.#files.open(process),
        applyStore: this.#applyFiles.open(process),
        files: nothingFetched,
        secrets: noSecrets,
        spool,
        openHost: (events) => {
          const isSynchronised = () => clock.isSynchronised;
          const wall = () => clock.wall();
          this.#host = new SimHost(
            { node: name, life, session, process, observer, isSynchronised, wall },
            events,
          );
          return this.#host;
        },
        // Whoever keeps it going starts it again.
        restart: () => this.stop(),
      },
    );
    this.#agent = agent;
    await agent.start();
  }

  /** Its `src` gives a value with the next number. */
  give(output: OutputName, valueOf: (number: number) => Value): void {
    const { process } = this;
    if (process === undefined || process.isPaused || this.#host === undefined) return;
    const number = this.#given + 1;
    // Written down first: it may be everywhere before the module comes back.
    const isDoubtful = this.disk.isDamaged || this.#world.time.now < this.disk.troubledUntil;
    this.#world.observer.gave(this.name, output, number, { life: this.life, isDoubtful });
    if (this.#host.give(output, valueOf(number))) {
      this.#given = number;
      this.lastGiven.set(output, number);
    } else this.#world.observer.given.get(`${this.name}/src/${output}`)?.delete(number);
  }

  /** `kill -9`. */
  kill(): void {
    this.process?.kill();
    this.#ended();
  }

  cutPower(): void {
    this.process?.cutPower();
    this.disk.cutPower();
    this.machine.bootedAt = this.#world.time.now;
    this.#ended();
  }

  /** SIGTERM: it ends by itself, or not at all. */
  stop(): void {
    const { process } = this;
    const agent = this.#agent;
    if (process === undefined || agent === undefined) return;
    this.isEnding = true;
    process.run(() => void this.#end(process, agent));
  }

  async #end(process: SimProcess, agent: Agent): Promise<void> {
    await agent[Symbol.asyncDispose]();
    if (this.process === process) this.kill();
  }

  #ended(): void {
    if (this.process === undefined) return;
    this.#world.observer.doubt(this.name, this.#world.time.now - savedWithin);
    this.#world.observer.livesEnded.add(`${this.name} ${this.life}`);
    this.#world.observer.stoppedBy.delete(this.name);
    this.#world.observer.nodesEndedAt.push({ node: this.name, at: this.#world.time.now });
    this.#world.observer.tell(`${this.name} ended, life ${this.life}`);
    for (const key of this.#world.observer.holds.keys())
      if (key.startsWith(`${this.name}/`)) this.#world.observer.holds.delete(key);
    this.#files.killed();
    this.#applyFiles.killed();
    this.process = undefined;
    this.isEnding = false;
    this.#agent = undefined;
    this.#host = undefined;
    this.session = undefined;
  }
}

function siteClockOf(process: SimProcess): SiteClock {
  let offset: number | undefined;
  const clock = process.clock;
  return {
    ...clock,
    own: () => clock.wall(),
    wall: () => (offset === undefined ? clock.wall() : micros(clock.now() * 1000 + offset)),
    get isSynchronised() {
      return offset !== undefined;
    },
    steer: (ahead) => {
      offset = ahead;
    },
  };
}
