/**
 * The modules of an agent: which guest an instance runs in, what is asked of it, and what becomes of a guest that dies.
 * Guests themselves are kept by `agent-guest.ts`; when one is started again is decided by a supervisor.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Random } from "@interactor/shared/kernel/random";
import { between, millis, seconds } from "@interactor/shared/kernel/units";
import {
  stepSupervisor,
  supervisorAtStart,
  supervisorDueAt,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorSpec,
} from "@interactor/shared/supervision/supervisor";
import { GuestKeeper, type GuestKeeping, type GuestPlace } from "./agent-guest.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents, Verdict } from "./ports/module-host.ts";

export interface ModulesOptions extends Omit<GuestKeeping, "died"> {
  readonly random: Random;
  /** `undefined`: there is no such module. */
  readonly placeOf: (instance: InstanceSpec) => GuestPlace | undefined;
  /** What speaks against an instance on this node, whoever wants it; `undefined`: nothing. */
  readonly objection?: (instance: InstanceSpec) => string | undefined;
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
  readonly #guests = new Map<string, GuestKeeper>();
  /** By instance. */
  readonly #guestOf = new Map<string, GuestKeeper>();
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
        const isCritical = this.#instance(instance)?.isCritical === true;
        if (isCritical && report.state === "failed") this.#missed.set(instance, report.reason ?? "it failed");
        else this.#missed.delete(instance);
        events.stateChanged(instance, report);
      },
    };
  }

  get problem(): string | undefined {
    const missed = [...this.#missed].map(
      ([instance, reason]) => `the node cannot do without ${instance}: ${reason}`,
    );
    const words = [this.#options.problem?.(), ...missed].filter((each) => each !== undefined);
    return words.length === 0 ? undefined : words.join("; ");
  }

  start(instance: InstanceSpec): void {
    const reason = this.#options.objection?.(instance);
    if (reason !== undefined) return this.#events.stateChanged(instance.name, { state: "failed", reason });
    const guest = this.#guestFor(instance);
    if (guest === undefined)
      return this.#events.stateChanged(instance.name, { state: "failed", reason: missing(instance) });
    this.#guestOf.set(instance.name, guest);
    return guest.start(instance);
  }

  apply(...[instance, input, applied]: Parameters<ModuleHost["apply"]>): void {
    this.#guestOf.get(instance)?.apply(instance, input, applied);
  }

  async prepare(instance: InstanceSpec): Promise<Verdict> {
    const objection = this.#options.objection?.(instance);
    if (objection !== undefined) return objection;
    const guest = this.#guestFor(instance);
    if (guest === undefined) return missing(instance);
    const verdict = await guest.prepare(instance);
    await this.#leave(guest);
    if (guest.isThere || this.#guests.get(guest.name) !== guest) return verdict;
    // It has died of what runs in it, which is no reason against what would take its place: another one is asked.
    return this.#prepareApart(instance);
  }

  async selfTest(instance: string): Promise<Verdict> {
    return this.#guestOf.get(instance)?.selfTest(instance) ?? notRunning;
  }

  async reconfigure(instance: InstanceSpec): Promise<Verdict> {
    return this.#guestOf.get(instance.name)?.reconfigure(instance) ?? notRunning;
  }

  profile(...[instance, wanted]: Parameters<NonNullable<ModuleHost["profile"]>>): AsyncIterable<Uint8Array> {
    const profile = this.#guestOf.get(instance)?.profile(wanted);
    if (profile === undefined) throw new Fault("PROFILE_NOT_HERE", `${instance} does not run here`);
    return profile;
  }

  async stop(instance: string): Promise<void> {
    const guest = this.#guestOf.get(instance);
    if (guest === undefined) return;
    this.#guestOf.delete(instance);
    this.#missed.delete(instance);
    await guest.stop(instance);
    await this.#leave(guest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#cancelDue?.();
    const guests = [...this.#guests.values()];
    this.#guests.clear();
    await Promise.all(guests.map((guest) => guest[Symbol.asyncDispose]()));
  }

  #instance(name: string): InstanceSpec | undefined {
    return this.#guestOf.get(name)?.instances.find((each) => each.name === name);
  }

  async #prepareApart(instance: InstanceSpec): Promise<Verdict> {
    const place = this.#options.placeOf(instance);
    if (place === undefined) return missing(instance);
    await using guest = new GuestKeeper(
      place,
      { ...this.#options, died: (_name, reason) => reason },
      this.#events,
    );
    guest.spawn();
    return await guest.prepare(instance);
  }

  #guestFor(instance: InstanceSpec): GuestKeeper | undefined {
    const place = this.#options.placeOf(instance);
    if (place === undefined) return undefined;
    const { name } = place;
    const known = this.#guests.get(name);
    if (known !== undefined) return known;
    const died = (_guest: string, reason: string): string => this.#died(name, reason);
    const guest = new GuestKeeper(place, { ...this.#options, died }, this.#events);
    this.#guests.set(name, guest);
    this.#step({ kind: "add", child: { name, restart: "permanent" }, at: this.#options.clock.now() });
    return guest;
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
    if (!effects.some(({ kind }) => kind === "escalate")) return again;
    for (const { name } of this.#guests.get(guest)?.instances ?? []) this.#events.escalated?.(name, reason);
    return `it ended ${supervision.intensity + 1} times, and never ran for ${supervision.healthyAfter / 1000} s; ${again}`;
  }

  #step(event: SupervisorEvent): readonly SupervisorEffect[] {
    const { clock, random } = this.#options;
    const { state, effects } = stepSupervisor(supervision, this.#supervised, event, random);
    this.#supervised = state;
    for (const effect of effects) this.#perform(effect);
    this.#cancelDue?.();
    const due = supervisorDueAt(this.#supervised);
    if (due === undefined || this.#isOver) return effects;
    const wait = millis(Math.max(between(clock.now(), due), 0));
    this.#cancelDue = clock.after(wait, () => void this.#step({ kind: "tick", at: clock.now() }));
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
