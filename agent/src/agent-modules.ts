/**
 * The modules of an agent: which guest an instance runs in, what is asked of it, and what becomes of a guest that dies.
 * Guests themselves are kept by `agent-guest.ts`; when one is started again is decided by a supervisor.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { whenDue } from "@interactor/shared/kernel/clock";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Random } from "@interactor/shared/kernel/random";
import { between, seconds } from "@interactor/shared/kernel/units";
import { instanceOf, runName } from "@interactor/shared/sdk/run-name";
import {
  stepSupervisor,
  supervisorAtStart,
  supervisorDueAt,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorSpec,
} from "@interactor/shared/supervision/supervisor";
import { GuestKeeper } from "./agent-guest.ts";
import type { GuestEvents, GuestKeeping, GuestPlace } from "./agent-guest-world.ts";
import { InstanceStorage } from "./agent-storage.ts";
import { AgentSuccessions } from "./agent-successions.ts";
import type { PlacedRun } from "./agent-successor.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents, Verdict } from "./ports/module-host.ts";

export interface ModulesOptions extends Omit<GuestKeeping, "died" | "refused"> {
  readonly random: Random;
  /** `undefined`: there is no such module. */
  readonly placeOf: (instance: InstanceSpec) => GuestPlace | undefined;
  /** What speaks against an instance on this node, whoever wants it; `undefined`: nothing. */
  readonly objection?: (instance: InstanceSpec) => string | undefined;
  /**
   * What speaks against taking it over from a revision; `undefined`: nothing. What has proved itself is started all the
   * same: a room does not go dark because its agent was renewed.
   */
  readonly misfit?: (instance: InstanceSpec) => string | undefined;
  readonly problem?: () => string | undefined;
}

/**
 * Guests know nothing of each other. Six ends, and no five minutes without one, are more than a line that is plugged in
 * again, or a memory that was full for a moment; who hangs or leaks takes its time to end. After that a try a minute
 * costs little, and what heals is back.
 */
const supervision: SupervisorSpec = {
  strategy: "one-for-one",
  intensity: 5,
  healthyAfter: seconds(300),
  afterEscalation: seconds(60),
};

export class AgentModules implements ModuleHost {
  readonly #options: ModulesOptions;
  readonly #events: ModuleHostEvents;
  /** By their names. */
  readonly #guests = new Map<string, GuestKeeper>();
  /** By instance: the run of it that is heard. */
  readonly #serving = new Map<string, PlacedRun>();
  readonly beside: AgentSuccessions;
  #lastRun = 0;
  /** Why what the node cannot do without is not there, by instance. */
  readonly #missed = new Map<string, string>();
  #supervised = supervisorAtStart;
  #cancelDue: (() => void) | undefined;
  #isOver = false;

  constructor(options: ModulesOptions, events: ModuleHostEvents) {
    this.#options = options;
    this.#events = {
      ...events,
      stateChanged: (instance, report) => {
        const isCritical = this.#serving.get(instance)?.spec.isCritical === true;
        if (isCritical && report.state === "failed") this.#missed.set(instance, report.reason ?? "it failed");
        else this.#missed.delete(instance);
        events.stateChanged(instance, report);
      },
    };
    this.beside = new AgentSuccessions({
      ...options,
      events: this.#events,
      serving: (instance) => this.#serving.get(instance),
      serves: (run) => void this.#serving.set(run.spec.name, run),
      guestBeside: (instance) => this.#guestBeside(instance),
      nextRun: (instance) => runName(instance, (this.#lastRun += 1)),
      leave: (guest) => this.#leave(guest),
    });
  }

  get problem(): string | undefined {
    const missed = [...this.#missed].map(
      ([instance, reason]) => `the node cannot do without ${instance}: ${reason}`,
    );
    const words = [this.#options.problem?.(), ...missed].filter((each) => each !== undefined);
    return words.length === 0 ? undefined : words.join("; ");
  }

  start(spec: InstanceSpec): void {
    const reason = this.#options.objection?.(spec);
    if (reason !== undefined) return this.#events.stateChanged(spec.name, { state: "failed", reason });
    const place = this.#options.placeOf(spec);
    if (place === undefined)
      return this.#events.stateChanged(spec.name, { state: "failed", reason: missing(spec) });
    const guest = this.#guestAt(place);
    const storage = new InstanceStorage(spec, this.#options.services);
    const run = { run: runName(spec.name, 0), spec, storage, guest };
    this.#serving.set(spec.name, run);
    return guest.start(run);
  }

  apply(...[instance, input, applied]: Parameters<ModuleHost["apply"]>): void {
    if (this.beside.holds(instance, input, applied)) return;
    const serving = this.#serving.get(instance);
    serving?.guest.apply(serving.run, input, applied);
  }

  async prepare(instance: InstanceSpec): Promise<Verdict> {
    const objection = this.#options.objection?.(instance) ?? this.#options.misfit?.(instance);
    if (objection !== undefined) return objection;
    const place = this.#options.placeOf(instance);
    if (place === undefined) return missing(instance);
    const serving = this.#serving.get(instance.name);
    const guest = serving?.guest.place === place.name ? serving.guest : this.#guestAt(place);
    const verdict = await guest.prepare(instance, serving?.run ?? instance.name);
    await this.#leave(guest);
    if (guest.isThere || this.#guests.get(guest.name) !== guest) return verdict;
    // It has died of what runs in it, which is no reason against what would take its place: another one is asked.
    return this.#prepareApart(instance, place);
  }

  async selfTest(instance: string): Promise<Verdict> {
    const serving = this.#serving.get(instance);
    return serving === undefined ? notRunning : serving.guest.selfTest(serving.run);
  }

  async reconfigure(instance: InstanceSpec): Promise<Verdict> {
    const serving = this.#serving.get(instance.name);
    if (serving === undefined) return notRunning;
    const verdict = await serving.guest.reconfigure(instance, serving.run);
    if (verdict === undefined && this.#serving.get(instance.name) === serving)
      this.#serving.set(instance.name, { ...serving, spec: instance });
    return verdict;
  }

  profile(...[instance, wanted]: Parameters<NonNullable<ModuleHost["profile"]>>): AsyncIterable<Uint8Array> {
    const profile = this.#serving.get(instance)?.guest.profile(wanted);
    if (profile === undefined) throw new Fault("PROFILE_NOT_HERE", `${instance} does not run here`);
    return profile;
  }

  async stop(instance: string, next?: InstanceSpec): Promise<void> {
    const serving = this.#serving.get(instance);
    this.#serving.delete(instance);
    this.#missed.delete(instance);
    this.#options.measured?.(instance, undefined);
    await this.beside.end(instance);
    if (serving === undefined) return;
    await serving.guest.stop(serving.run, next);
    await this.#leave(serving.guest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#cancelDue?.();
    this.beside.over();
    const guests = [...this.#guests.values()];
    this.#guests.clear();
    const { services } = this.#options;
    void services.flush?.();
    await Promise.all(guests.map((guest) => guest[Symbol.asyncDispose]()));
    await services.flush?.();
  }

  async #prepareApart(instance: InstanceSpec, place: GuestPlace): Promise<Verdict> {
    await using guest = new GuestKeeper(
      place,
      { ...this.#options, died: (_name, reason) => reason, refused: () => undefined },
      this.#guestEvents,
    );
    guest.spawn();
    return await guest.prepare(instance, instance.name);
  }

  /** What others have written has a process of its own for each run: whatever the new one does, the old one lives. */
  #guestBeside(instance: InstanceSpec): GuestKeeper | string {
    const objection = this.#options.objection?.(instance);
    if (objection !== undefined) return objection;
    const place = this.#options.placeOf(instance);
    if (place === undefined) return missing(instance);
    if (place.kind === "worker" || !this.#guests.has(place.name)) return this.#guestAt(place);
    return this.#guestAt(place, `${place.name}, ${this.#lastRun + 1}`);
  }

  #guestAt(place: GuestPlace, name = place.name): GuestKeeper {
    const known = this.#guests.get(name);
    if (known !== undefined) return known;
    const died = (_guest: string, reason: string): string => this.#died(name, reason);
    const measured: ModulesOptions["measured"] = (run, metrics) => {
      const rising = this.beside.rising(run);
      if (rising !== undefined) rising.metrics = metrics;
      else if (this.#served(run) !== undefined) this.#options.measured?.(instanceOf(run), metrics);
    };
    const refused = (): void => this.#refused(name);
    const keeping = { ...this.#options, died, refused, measured };
    const guest = new GuestKeeper(place, keeping, this.#guestEvents, name);
    this.#guests.set(name, guest);
    this.#step({ kind: "add", child: { name, restart: "permanent" }, at: this.#options.clock.now() });
    return guest;
  }

  /** Of an instance the run is heard that serves; of one that shall is only seen that it comes. */
  readonly #guestEvents: GuestEvents = {
    declared: (run, ports, code) => {
      const serving = this.#served(run);
      if (serving === undefined) this.beside.rising(run)?.declared(ports, code);
      else this.#events.declared(serving.spec.name, ports, code);
    },
    started: (run) => {
      const serving = this.#served(run);
      if (serving === undefined) this.beside.rising(run)?.started();
      else this.#events.started(serving.spec.name);
    },
    output: (output) => {
      const instance = instanceOf(output.instance);
      const heard = { ...output, instance };
      if (this.#serving.get(instance)?.run === output.instance) this.#events.output(heard);
      else this.beside.rising(output.instance)?.output(heard);
    },
    stateChanged: (run, report) => {
      const serving = this.#served(run);
      if (serving === undefined) this.beside.rising(run)?.stateChanged(report);
      else this.#events.stateChanged(serving.spec.name, report);
    },
    beat: (run) => {
      const serving = this.#served(run);
      if (serving !== undefined) this.#events.beat(serving.spec.name);
    },
  };

  #served(run: string): PlacedRun | undefined {
    const serving = this.#serving.get(instanceOf(run));
    return serving?.run === run ? serving : undefined;
  }

  /** A guest that nobody needs costs 15 MB and more. */
  async #leave(guest: GuestKeeper): Promise<void> {
    if (guest.isNeeded || this.#guests.get(guest.name) !== guest) return;
    this.#guests.delete(guest.name);
    this.#step({ kind: "remove", child: guest.name, at: this.#options.clock.now() });
    await guest[Symbol.asyncDispose]();
  }

  #died(guest: string, reason: string): string {
    if (this.#isOver) return "";
    const at = this.#options.clock.now();
    const effects = this.#step({ kind: "ended", child: guest, isGood: false, at });
    const phase = this.#supervised.children.find(({ name }) => name === guest)?.phase;
    const wait = phase?.kind === "down" ? between(at, phase.due) : 0;
    const again = `it starts again in ${Math.ceil(wait / 1000)} s`;
    const runs = this.#guests.get(guest)?.runs ?? [];
    const heard = runs.flatMap(({ run }) => this.#served(run)?.spec.name ?? []);
    // What has not taken over is not tried again.
    if (heard.length === 0 && runs.length > 0) return "";
    if (!effects.some(({ kind }) => kind === "escalate")) return again;
    for (const name of heard) this.#events.escalated?.(name, reason);
    return `it ended ${supervision.intensity + 1} times, and never ran for ${supervision.healthyAfter / 1000} s; ${again}`;
  }

  #refused(guest: string): void {
    if (!this.#isOver) this.#step({ kind: "refused", child: guest, at: this.#options.clock.now() });
  }

  #step(event: SupervisorEvent): readonly SupervisorEffect[] {
    const { clock, random } = this.#options;
    const { state, effects } = stepSupervisor(supervision, this.#supervised, event, random);
    this.#supervised = state;
    for (const effect of effects) this.#perform(effect);
    this.#cancelDue?.();
    const due = supervisorDueAt(this.#supervised);
    if (due === undefined || this.#isOver) return effects;
    this.#cancelDue = whenDue(clock, due, () => void this.#step({ kind: "tick", at: clock.now() }));
    return effects;
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.kind) {
      case "start":
        this.#guests.get(effect.child)?.spawn();
        return void this.#step({ kind: "started", child: effect.child, at: this.#options.clock.now() });
      // Told by whoever heard of the death; the rest is not said of guests that know nothing of each other.
      case "escalate":
      case "stop":
      case "stopped":
        return undefined;
      default:
        return unreachable(effect);
    }
  }
}

const notRunning = "it does not run";
const missing = ({ module, version }: InstanceSpec): string =>
  `there is no module "${module}"${version === undefined ? "" : ` of version ${version}`}`;
