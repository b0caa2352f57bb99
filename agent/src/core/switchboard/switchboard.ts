/**
 * Where every value on a node passes: from an output over the routes placed here, from the hub, from a person
 * or a show stop, to the input that takes it. Owners decide which of them an actuator obeys: see `inputs.ts`.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { earliest, type Instant, instant, later, micros } from "@interactor/shared/kernel/units";
import {
  type RouteSink,
  RouteTable,
  type RouteRunner,
  type Sample,
} from "@interactor/shared/routing/run-route";
import { type Quality, quality } from "@interactor/shared/wire/entry";
import type { Command } from "@interactor/shared/wire/messages/command";
import { fits } from "@interactor/shared/wire/output-filter";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import {
  parsePortAddress,
  parseSiteAddress,
  portAddress,
  type PortAddress,
} from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { portNames } from "./input-values.ts";
import { Inputs } from "./inputs.ts";
import type { Held, Now, Reception, SwitchboardSink } from "./inputs-world.ts";

export type { Now, Reception, SwitchboardSink } from "./inputs-world.ts";

const receptionWords = {
  taken: undefined,
  "unknown-input": "there is no such input",
  "wrong-type": "the input takes another type of value",
  "standing-still": "the node is changing over",
} as const satisfies Record<Reception, string | undefined>;

/** What a route makes of a value, as it comes to its input. */
type RoutedSample = Pick<Sample, "value" | "at" | "isAgain" | "isNews"> & { readonly quality?: Quality };

export class Switchboard {
  readonly #node: string;
  readonly #inputs: Inputs;
  #routes = new RouteTable([]);
  #stop: Held | undefined;
  /** Inputs whose lease on the hub's life has run out, by `instance/input`: stopped, each by itself. */
  readonly #lapsed = new Map<string, Held>();
  /** Instances that gave nothing since they failed, wait or start: what they said last is not to be believed. */
  readonly #lost = new Set<string>();
  /** The time of the event being handled, for the sink of the routes. */
  #now: Now = { instant: instant(0), wall: micros(0) };

  constructor(node: string, sink: SwitchboardSink) {
    this.#node = node;
    this.#inputs = new Inputs(sink);
  }

  get routes(): readonly RouteRunner[] {
    return this.#routes.runners;
  }

  /** An instance says what it takes and gives; inputs it no longer has lose their owners. */
  declare(instance: string, ports: DeclaredPorts, now: Now): void {
    this.#inputs.declare(instance, ports, now);
    if (this.#stop !== undefined || this.#lapsed.size > 0) this.#latch(instance, ports, now);
  }

  /** An instance is here no more. */
  remove(instance: string): void {
    this.#lost.delete(instance);
    this.#inputs.remove(instance);
  }

  /** What the plan says of inputs, and its scenes: counts at once, in a stop too. */
  setInputs(plan: Pick<Plan, "inputs" | "scenes">, now: Now): void {
    this.#inputs.plan(plan, now);
  }

  /** An input for each scene of the plan: those of the instance `scene`, which a node has when there are any. */
  get sceneInputs(): Readonly<Record<string, InputSpec>> {
    return this.#inputs.sceneInputs;
  }

  /** From now on nothing moves an input but a stop. Who owns it is kept up to date beneath. */
  standStill(): void {
    this.#inputs.standStill();
  }

  /** Inputs go to where they should be by now. What happened once meanwhile has passed. */
  moveOn(latest: ReadonlyMap<string, Sample>, now: Now): void {
    this.#inputs.moveOn(() => this.#offerLatest(this.#routes.runners, latest, now), now);
  }

  ports(instance: string): DeclaredPorts | undefined {
    return this.#inputs.declared.get(instance);
  }

  /** An instance has (re)started: it is told what its inputs hold. */
  reapply(instance: string, now: Now): void {
    this.#inputs.reapply(instance, now);
  }

  /** An instance is new here: its inputs go where the routes say by the latest values. */
  catchUp(instance: string, latest: ReadonlyMap<string, Sample>, now: Now): void {
    const leadThere = this.#routes.runners.filter(({ route }) => {
      const to = parseSiteAddress(route.to);
      return to.ok && to.value.instance === instance;
    });
    this.#offerLatest(leadThere, latest, now);
  }

  /** Somebody new watches: what inputs hold is said again. */
  repeatHeld(now: Now): void {
    this.#inputs.repeatHeld(now);
  }

  /**
   * Puts other routes in place. One that has not changed goes on as it is; a new one is given the latest value
   * at once, so that an input goes from its old route to its new one without a gap. What only a route that is
   * gone held is let go.
   */
  setRoutes(runners: readonly RouteRunner[], latest: ReadonlyMap<string, Sample>, now: Now): void {
    // By name and target: a route may keep its name and turn to another input.
    const gone = new Set(this.#routes.runners.map(({ route }) => `${route.name} ${route.to}`));
    for (const { route } of runners) gone.delete(`${route.name} ${route.to}`);
    const { table, fresh } = this.#routes.renewed(runners);
    this.#routes = table;
    this.#offerLatest(fresh, latest, now);
    this.#inputs.releaseRoutes((by, to) => gone.has(`${by} ${this.#node}/${to}`), now);
  }

  /** A value of an output of this node: to the routes placed here. */
  fromOutput(address: PortAddress, sample: Sample, now: Now): void {
    this.#lost.delete(address.instance);
    if (this.#inputs.isStill) return;
    this.#now = now;
    const from = `${this.#node}/${portAddress(address)}`;
    this.#routes.offer(from, sample, now.instant, this.#takeRouted, now.wall);
  }

  /** What a route on the hub sends to an input of this node. `isGone`: the route leads here no more. */
  fromHub(
    to: string,
    route: string,
    sample: RoutedSample & { readonly isGone?: boolean },
    now: Now,
  ): Reception {
    const address = parsePortAddress(to);
    if (!address.ok || this.#inputs.spec(address.value) === undefined) return "unknown-input";
    if (sample.isGone !== true) return this.#routed(address.value, route, sample, now);
    this.#inputs.release(address.value, "route", route, now);
    return "taken";
  }

  /** An instance says what one of its inputs holds since an earlier life of it. */
  found(address: PortAddress, value: Value, now: Now): void {
    this.#inputs.found(address, value, now);
  }

  /** An instance of this node gives nothing for now: routes that begin there have lost what they follow. */
  instanceLost(instance: string, now: Now): void {
    this.#lost.add(instance);
    const lost = new Set(
      this.#routes.runners.flatMap(({ route }) =>
        this.#hasLost(route.from) ? [`${route.name} ${route.to}`] : [],
      ),
    );
    if (lost.size > 0) this.#inputs.sourceLost((by, to) => lost.has(`${by} ${this.#node}/${to}`), now);
  }

  /** The hub is not heard any more, nor what its routes bring from elsewhere. */
  hubLost(now: Now): void {
    const own = new Set(this.#routes.runners.map(({ route }) => route.name));
    this.#inputs.sourceLost((by) => !own.has(by), now);
  }

  /** Whether a show stop owns the input. */
  isStopped(to: string): boolean {
    return this.#inputs.ownerOf(to)?.kind === "stop";
  }

  command(to: string, command: Command, now: Now): Reception {
    const address = parsePortAddress(to);
    if (!address.ok || this.#inputs.spec(address.value) === undefined) return "unknown-input";
    if (this.#inputs.isStill) return "standing-still";
    if (command.kind === "release") {
      this.#inputs.release(address.value, "manual", undefined, now);
      return "taken";
    }
    const until = {
      due: later(now.instant, command.holdFor),
      at: micros(now.wall + command.holdFor * 1000),
    };
    const { value, by } = command;
    return this.#inputs.claim(address.value, "manual", { value, at: now.wall, by, until }, now);
  }

  /** Sends every actuator input to what it declares for a show stop, and keeps it there. Later `by` is another's. */
  stopShow(by: string, now: Now): void {
    if (this.#stop?.by === by) return;
    this.#stop = { by, at: now.wall };
    for (const [instance, ports] of this.#inputs.declared) this.#latch(instance, ports, now);
  }

  releaseStop(now: Now): void {
    if (this.#stop === undefined) return;
    this.#stop = undefined;
    for (const [instance, ports] of this.#inputs.declared) this.#latch(instance, ports, now);
  }

  /** Sends one input to what it declares for a show stop, and keeps it there. */
  lapse(address: PortAddress, by: string, now: Now): void {
    this.#lapsed.set(portAddress(address), { by, at: now.wall });
    this.#settleStop(address, now);
  }

  /** Lets the input go that `lapse` stopped. A show stop still holds it. */
  renew(address: PortAddress, now: Now): void {
    if (this.#lapsed.delete(portAddress(address))) this.#settleStop(address, now);
  }

  /** Does what time brings: manual values end, throttles open, failsafes fade. Returns when to come back. */
  tick(now: Now): Instant | undefined {
    this.#now = now;
    const routes = this.#inputs.isStill ? undefined : this.#routes.flush(now.instant, this.#takeRouted);
    return earliest(routes, this.#inputs.tick(now));
  }

  owners(): Record<string, OwnerReport> {
    return this.#inputs.owners(() => true);
  }

  /** Owners of what the show stop does not hold: one latch holds thousands of inputs, and is told once. */
  ownersBesideStop(): Record<string, OwnerReport> {
    return this.#inputs.owners(({ kind }) => this.#stop === undefined || kind !== "stop");
  }

  #offerLatest(runners: readonly RouteRunner[], latest: ReadonlyMap<string, Sample>, now: Now): void {
    if (this.#inputs.isStill) return;
    this.#now = now;
    const told = this.#lost.size === 0 ? latest : this.#doubted(latest);
    const readings = { latest: told, prefix: `${this.#node}/` };
    this.#routes.offerLatest(runners, readings, now.instant, this.#takeRouted);
  }

  /** The last word of an instance that is lost is no news of it. */
  #doubted(latest: ReadonlyMap<string, Sample>): ReadonlyMap<string, Sample> {
    return new Map(
      [...latest].map(([from, sample]) => {
        const instance = from.slice(0, from.indexOf("/"));
        return [from, this.#lost.has(instance) ? { ...sample, quality: quality.stale } : sample];
      }),
    );
  }

  /** Whether none of the outputs that this stands for, of those there are, is of an instance that is well. */
  #hasLost(from: string): boolean {
    const address = parseSiteAddress(from);
    if (address.ok) return address.value.node === this.#node && this.#lost.has(address.value.instance);
    const fitting = [...this.#inputs.declared].flatMap(([instance, { outputs }]) =>
      Object.entries(outputs).some(([name, { count }]) =>
        fits(from, `${this.#node}/${instance}/${name}${count === undefined ? "" : 1}`),
      )
        ? [instance]
        : [],
    );
    return fitting.length > 0 && fitting.every((instance) => this.#lost.has(instance));
  }

  readonly #takeRouted: RouteSink = (route, sample) => {
    const to = parseSiteAddress(route.to);
    // An instance that is still starting takes the latest value once it has declared its inputs.
    if (!to.ok || !this.#inputs.declared.has(to.value.instance)) return undefined;
    const reception = this.#routed(to.value, route.name, sample, this.#now);
    return receptionWords[reception];
  };

  /**
   * What a route brings, wherever it runs. `null` lets go of what it holds; with a quality that is not good, what it follows
   * is lost.
   */
  #routed(
    address: PortAddress,
    by: string,
    { value, at, isAgain, isNews, quality: how = quality.good }: RoutedSample,
    now: Now,
  ): Reception {
    // What an input does once, it does not do because somebody is told late how something is.
    if (isAgain === true && this.#inputs.spec(address)?.once === true) return "taken";
    const isGood = how === quality.good;
    if (value !== null) {
      const claim = { value, at, by, isAgain, isNews };
      return isGood
        ? this.#inputs.claim(address, "route", claim, now)
        : this.#inputs.doubtful(address, claim, now);
    }
    if (isGood) return this.#inputs.letGo(address, by, now);
    const key = portAddress(address);
    this.#inputs.sourceLost((route, to) => route === by && to === key, now);
    return "taken";
  }

  #latch(instance: string, ports: DeclaredPorts, now: Now): void {
    for (const [port, spec] of Object.entries(ports.inputs)) {
      if (spec.actuator !== true) continue;
      for (const each of portNames(port, spec)) this.#settleStop({ instance, port: each }, now);
    }
  }

  /** Claims or releases an actuator input for the show stop, or else for its lease. */
  #settleStop(address: PortAddress, now: Now): void {
    const held = this.#stop ?? this.#lapsed.get(portAddress(address));
    if (held === undefined) this.#inputs.releaseStop(address, now);
    else this.#inputs.stop(address, held, now);
  }
}
