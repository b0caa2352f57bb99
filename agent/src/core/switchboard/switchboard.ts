/**
 * Where every value on a node passes: from an output over the routes placed here, from the hub, from a person
 * or a show stop, to the input that takes it. Owners decide which of them an actuator obeys.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { earliest, type Instant, instant, later, micros, type Micros } from "@interactor/shared/kernel/units";
import {
  type RouteSink,
  RouteTable,
  type RouteRunner,
  type Sample,
} from "@interactor/shared/routing/run-route";
import type { Applied } from "@interactor/shared/sdk/context";
import type { Command } from "@interactor/shared/wire/messages/command";
import { findPort, type InputSpec } from "@interactor/shared/wire/messages/port";
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import {
  parsePortAddress,
  parseSiteAddress,
  portAddress,
  type PortAddress,
} from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { fitted, isSameValue, portNames } from "./input-values.ts";
import { type Claim, type Owner, OwnershipStack } from "./ownership.ts";
import { PlannedInputs } from "./planned-inputs.ts";

/** What time it is, in both clocks, when something happens. */
export interface Now {
  readonly instant: Instant;
  readonly wall: Micros;
}

/** Who holds an input at its stop value, and since when. */
interface Held {
  readonly by: string;
  readonly at: Micros;
}

export interface SwitchboardSink {
  apply(address: PortAddress, applied: Applied | undefined): void;
  /** The owner of an input is another one now. */
  ownersChanged(): void;
  /** What an actuator input holds, for those who watch; `null` when nobody owns it any more. */
  held(address: PortAddress, value: Value, at: Micros): void;
}

/** How a value was received by an input. */
export type Reception = "taken" | "unknown-input" | "wrong-type" | "standing-still";

const receptionWords = {
  taken: undefined,
  "unknown-input": "there is no such input",
  "wrong-type": "the input takes another type of value",
  "standing-still": "the node is changing over",
} as const satisfies Record<Reception, string | undefined>;

export class Switchboard {
  readonly #node: string;
  readonly #sink: SwitchboardSink;
  readonly #instances = new Map<string, DeclaredPorts>();
  readonly #stacks = new Map<string, OwnershipStack>();
  /** Inputs that somebody holds for a while, by `instance/input`. */
  readonly #lent = new Map<string, PortAddress>();
  #routes = new RouteTable([]);
  #stop: Held | undefined;
  /** Inputs whose lease on the hub's life has run out, by `instance/input`: stopped, each by itself. */
  readonly #lapsed = new Map<string, Held>();
  #planned = new PlannedInputs({});
  /** Nothing moves but by a stop. */
  #isStill = false;
  /** What has moved in the stacks meanwhile and not been told. */
  readonly #untold = new Map<string, PortAddress>();
  /** The time of the event being handled, for the sink of the routes. */
  #now: Now = { instant: instant(0), wall: micros(0) };

  constructor(node: string, sink: SwitchboardSink) {
    this.#node = node;
    this.#sink = sink;
  }

  get routes(): readonly RouteRunner[] {
    return this.#routes.runners;
  }

  /** An instance says what it takes and gives; inputs it no longer has lose their owners. */
  declare(instance: string, ports: DeclaredPorts, now: Now): void {
    this.#instances.set(instance, ports);
    this.#forgetInputs(instance);
    if (this.#stop !== undefined || this.#lapsed.size > 0) this.#latch(instance, ports, now);
  }

  /** An instance is here no more. */
  remove(instance: string): void {
    this.#instances.delete(instance);
    this.#forgetInputs(instance);
  }

  /** What the plan says of inputs: counts at once, in a stop too. */
  setInputs(inputs: Plan["inputs"], now: Now): void {
    this.#planned = new PlannedInputs(inputs);
    for (const [key, stack] of this.#stacks) {
      const address = parsePortAddress(key);
      if (address.ok && stack.claimOf("stop") !== undefined) this.#settleStop(address.value, now);
    }
  }

  /** From now on nothing moves an input but a stop. Who owns it is kept up to date beneath. */
  standStill(): void {
    this.#isStill = true;
  }

  /** Inputs go to where they should be by now. What happened once meanwhile has passed. */
  moveOn(latest: ReadonlyMap<string, Sample>, now: Now): void {
    if (!this.#isStill) return;
    this.#isStill = false;
    this.#offerLatest(this.#routes.runners, latest, now);
    for (const [key, address] of this.#untold) {
      const owner = this.#stacks.get(key)?.owner;
      this.#apply(address, owner);
      this.#sink.held(address, owner?.claim.value ?? null, now.wall);
    }
    this.#untold.clear();
  }

  ports(instance: string): DeclaredPorts | undefined {
    return this.#instances.get(instance);
  }

  /** An instance has (re)started: it is told what its inputs hold. */
  reapply(instance: string): void {
    for (const [key, stack] of this.#stacks) {
      const address = parsePortAddress(key);
      if (!address.ok || address.value.instance !== instance) continue;
      if (stack.owner?.kind === "stop" || !this.#untold.has(key)) this.#apply(address.value, stack.owner);
    }
  }

  /** An instance is new here: its inputs go where the routes say by the latest values. */
  catchUp(instance: string, latest: ReadonlyMap<string, Sample>, now: Now): void {
    const leadThere = this.#routes.runners.filter(({ route }) => {
      const to = parseSiteAddress(route.to);
      return to.ok && to.value.instance === instance;
    });
    this.#offerLatest(leadThere, latest, now);
  }

  /** Somebody new watches: what actuator inputs hold is said again. */
  repeatHeld(now: Now): void {
    for (const [key, { owner }] of this.#stacks) {
      const address = parsePortAddress(key);
      if (address.ok && owner !== undefined) this.#sink.held(address.value, owner.claim.value, now.wall);
    }
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
    for (const key of this.#stacks.keys()) {
      const address = parsePortAddress(key);
      if (!address.ok) continue;
      this.#change(address.value, now, (stack) => {
        const by = stack.claimOf("route")?.by ?? "";
        if (gone.has(`${by} ${this.#node}/${key}`)) stack.release("route", now.wall);
      });
    }
  }

  /** A value of an output of this node: to the routes placed here. */
  fromOutput(address: PortAddress, sample: Sample, now: Now): void {
    if (this.#isStill) return;
    this.#now = now;
    const from = `${this.#node}/${portAddress(address)}`;
    this.#routes.offer(from, sample, now.instant, this.#takeRouted, now.wall);
  }

  /** A value that a route on the hub sends to an input of this node; `null`: the route is gone and lets go. */
  fromHub(to: string, route: string, sample: Pick<Sample, "value" | "at">, now: Now): Reception {
    const address = parsePortAddress(to);
    if (!address.ok || this.#input(address.value) === undefined) return "unknown-input";
    if (sample.value !== null) return this.#claim(address.value, "route", { ...sample, by: route }, now);
    this.#change(address.value, now, (stack) => {
      if (stack.claimOf("route")?.by === route) stack.release("route", now.wall);
    });
    return "taken";
  }

  /** Whether a show stop owns the input. */
  isStopped(to: string): boolean {
    return this.#stacks.get(to)?.owner?.kind === "stop";
  }

  command(to: string, command: Command, now: Now): Reception {
    const address = parsePortAddress(to);
    if (!address.ok || this.#input(address.value) === undefined) return "unknown-input";
    if (this.#isStill) return "standing-still";
    if (command.kind === "release") {
      this.#change(address.value, now, (stack) => stack.release("manual", now.wall));
      return "taken";
    }
    const until = {
      due: later(now.instant, command.holdFor),
      at: micros(now.wall + command.holdFor * 1000),
    };
    this.#lent.set(portAddress(address.value), address.value);
    return this.#claim(
      address.value,
      "manual",
      { value: command.value, at: now.wall, by: command.by, until },
      now,
    );
  }

  /** Sends every actuator input to what it declares for a show stop, and keeps it there. Later `by` is another's. */
  stopShow(by: string, now: Now): void {
    if (this.#stop?.by === by) return;
    this.#stop = { by, at: now.wall };
    for (const [instance, ports] of this.#instances) this.#latch(instance, ports, now);
  }

  releaseStop(now: Now): void {
    if (this.#stop === undefined) return;
    this.#stop = undefined;
    for (const key of this.#stacks.keys()) {
      const address = parsePortAddress(key);
      if (address.ok) this.#settleStop(address.value, now);
    }
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

  /** Does what time brings: manual values end, throttles open. Returns when to come back. */
  tick(now: Now): Instant | undefined {
    this.#now = now;
    let next = this.#isStill ? undefined : this.#routes.flush(now.instant, this.#takeRouted);
    for (const [key, address] of this.#lent) {
      let until: Instant | undefined;
      this.#change(address, now, (stack) => {
        until = stack.expire(now.instant, now.wall);
      });
      if (until === undefined) this.#lent.delete(key);
      next = earliest(next, until);
    }
    return next;
  }

  owners(): Record<string, OwnerReport> {
    return this.#ownersThat(() => true);
  }

  /** Owners of what the show stop does not hold: one latch holds thousands of inputs, and is told once. */
  ownersBesideStop(): Record<string, OwnerReport> {
    return this.#ownersThat(({ kind }) => this.#stop === undefined || kind !== "stop");
  }

  /** Those that an instance has no longer lose their owners. */
  #forgetInputs(instance: string): void {
    for (const key of this.#stacks.keys()) {
      const address = parsePortAddress(key);
      if (!address.ok || address.value.instance !== instance) continue;
      if (this.#input(address.value) !== undefined) continue;
      this.#stacks.delete(key);
      this.#sink.ownersChanged();
    }
  }

  #ownersThat(isTold: (owner: Owner) => boolean): Record<string, OwnerReport> {
    const owners: Record<string, OwnerReport> = {};
    for (const [key, { owner }] of this.#stacks) {
      if (owner === undefined || !isTold(owner)) continue;
      const { by, until } = owner.claim;
      owners[key] = {
        kind: owner.kind,
        by,
        since: owner.since,
        ...(until === undefined ? {} : { until: until.at }),
      };
    }
    return owners;
  }

  #offerLatest(runners: readonly RouteRunner[], latest: ReadonlyMap<string, Sample>, now: Now): void {
    if (this.#isStill) return;
    this.#now = now;
    this.#routes.offerLatest(runners, { latest, prefix: `${this.#node}/` }, now.instant, this.#takeRouted);
  }

  readonly #takeRouted: RouteSink = (route, sample) => {
    const to = parseSiteAddress(route.to);
    // An instance that is still starting takes the latest value once it has declared its inputs.
    if (!to.ok || !this.#instances.has(to.value.instance)) return undefined;
    const claim = { value: sample.value, at: sample.at, by: route.name };
    return receptionWords[this.#claim(to.value, "route", claim, this.#now)];
  };

  #input(address: PortAddress): InputSpec | undefined {
    const ports = this.#instances.get(address.instance);
    return ports === undefined ? undefined : findPort(ports.inputs, address.port);
  }

  #claim(address: PortAddress, kind: "manual" | "route", claim: Claim, now: Now): Reception {
    const spec = this.#input(address);
    if (spec === undefined) return "unknown-input";
    const value = fitted(claim.value, spec);
    if (value === undefined) return "wrong-type";
    if (spec.actuator === true) {
      this.#change(address, now, (stack) => stack.claim(kind, { ...claim, value }, now.wall));
    } else if (this.#isStill) {
      return "standing-still";
    } else {
      this.#sink.apply(address, { value, at: claim.at, owner: kind });
    }
    return "taken";
  }

  #latch(instance: string, ports: DeclaredPorts, now: Now): void {
    for (const [port, spec] of Object.entries(ports.inputs)) {
      for (const each of portNames(port, spec)) this.#settleStop({ instance, port: each }, now);
    }
  }

  /** Claims or releases an actuator input for the show stop, or else for its lease. */
  #settleStop(address: PortAddress, now: Now): void {
    const spec = this.#input(address);
    if (spec?.actuator !== true) return;
    const held = this.#stop ?? this.#lapsed.get(portAddress(address));
    this.#change(address, now, (stack) => {
      if (held === undefined) stack.release("stop", now.wall);
      else stack.claim("stop", { value: this.#planned.stopValue(address, spec), ...held }, now.wall);
    });
  }

  /** Runs `change` on the input's stack and tells the sink what came of it. */
  #change(address: PortAddress, now: Now, change: (stack: OwnershipStack) => void): void {
    const key = portAddress(address);
    const stack = this.#stacks.get(key) ?? new OwnershipStack();
    const before = stack.owner;
    change(stack);
    const after = stack.owner;
    if (after === undefined) this.#stacks.delete(key);
    else this.#stacks.set(key, stack);
    if (before === after) return;
    if (after === undefined || before === undefined || !isSameValue(before.claim.value, after.claim.value)) {
      if (this.#isStill && after?.kind !== "stop") this.#untold.set(key, address);
      else {
        this.#apply(address, after);
        this.#sink.held(address, after?.claim.value ?? null, now.wall);
      }
    }
    const isOwnerNew = before?.kind !== after?.kind || before?.claim.by !== after?.claim.by;
    if (isOwnerNew || before?.claim.until?.due !== after?.claim.until?.due) this.#sink.ownersChanged();
  }

  #apply(address: PortAddress, owner: Owner | undefined): void {
    const applied =
      owner === undefined ? undefined : { value: owner.claim.value, at: owner.claim.at, owner: owner.kind };
    this.#sink.apply(address, applied);
  }
}
