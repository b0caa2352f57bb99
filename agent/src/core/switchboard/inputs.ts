/**
 * The inputs of a node: who owns each, and what it therefore holds. Sinks are told of what changes, and of nothing twice.
 * Where values come from is the switchboard's business.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { earliest, type Instant, type Micros } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import { findPort, type InputSpec } from "@interactor/shared/wire/messages/port";
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import {
  parsePortAddress,
  portAddress,
  type PortAddress,
  sceneInstance,
} from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { Failsafes } from "./failsafes.ts";
import { fitted, isSameValue, portNames } from "./input-values.ts";
import { type Claim, type Owner, OwnershipStack } from "./ownership.ts";
import { PlannedInputs } from "./planned-inputs.ts";
import { Scenes } from "./scenes.ts";

/** What time it is, in both clocks, when something happens. */
export interface Now {
  readonly instant: Instant;
  readonly wall: Micros;
}

/** Who holds an input at its stop value, and since when. */
export interface Held {
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

/** What the site says of inputs at the bottom of every stack. */
const background = "background";

export class Inputs {
  readonly #sink: SwitchboardSink;
  readonly #instances = new Map<string, DeclaredPorts>();
  readonly #stacks = new Map<string, OwnershipStack>();
  /** Inputs that somebody holds for a while, by `instance/input`. */
  readonly #lent = new Map<string, PortAddress>();
  readonly #scenes = new Scenes();
  readonly #failsafes = new Failsafes();
  #planned = new PlannedInputs({});
  /** By scene and route: what the route said last. Said again it changes nothing, whatever a person did meanwhile. */
  readonly #sceneSaid = new Map<string, boolean>();
  /** Nothing moves but by a stop. */
  #isStill = false;
  /** What has moved in the stacks meanwhile and not been told. */
  readonly #untold = new Map<string, PortAddress>();

  constructor(sink: SwitchboardSink) {
    this.#sink = sink;
  }

  get isStill(): boolean {
    return this.#isStill;
  }

  /** By instance. */
  get declared(): ReadonlyMap<string, DeclaredPorts> {
    return this.#instances;
  }

  /** An instance says what it takes and gives; inputs it no longer has lose their owners. */
  declare(instance: string, ports: DeclaredPorts, now: Now): void {
    this.#instances.set(instance, ports);
    this.#forget(instance);
    for (const input of this.#scenes.heldOf(instance)) this.#settleScene(input, now);
    if (this.#planned.hasBackgrounds) this.#settleBackgrounds(instance, ports, now);
  }

  /** An instance is here no more. */
  remove(instance: string): void {
    this.#instances.delete(instance);
    this.#forget(instance);
  }

  /** What the plan says of inputs, and its scenes: counts at once. */
  plan({ inputs, scenes }: Pick<Plan, "inputs" | "scenes">, now: Now): void {
    this.#planned = new PlannedInputs(inputs);
    for (const [key, stack] of this.#stacks) {
      const claim = stack.claimOf("stop");
      const address = parsePortAddress(key);
      if (address.ok && claim !== undefined) this.stop(address.value, claim, now);
    }
    for (const [instance, ports] of this.#instances) this.#settleBackgrounds(instance, ports, now);
    for (const input of this.#scenes.set(scenes)) this.#settleScene(input, now);
  }

  /** What its scenes take; `undefined`: it has none. */
  get sceneInputs(): Readonly<Record<string, InputSpec>> {
    return this.#scenes.inputs;
  }

  spec(address: PortAddress): InputSpec | undefined {
    const ports = this.#instances.get(address.instance);
    return ports === undefined ? undefined : findPort(ports.inputs, address.port);
  }

  ownerOf(input: string): Owner | undefined {
    return this.#stacks.get(input)?.owner;
  }

  claim(address: PortAddress, kind: "manual" | "route", claim: Claim, now: Now): Reception {
    const spec = this.spec(address);
    if (spec === undefined) return "unknown-input";
    const value = fitted(claim.value, spec);
    if (value === undefined) return "wrong-type";
    if (spec.actuator === true) {
      if (kind === "route") this.#failsafes.back(portAddress(address));
      if (claim.until !== undefined) this.#lent.set(portAddress(address), address);
      this.#change(address, now, (stack) => stack.claim(kind, { ...claim, value }, now.wall));
      return "taken";
    }
    if (this.#isStill) return "standing-still";
    if (address.instance === sceneInstance) this.#setScene(address.port, value === true, kind, claim.by, now);
    else this.#sink.apply(address, { value, at: claim.at, owner: kind });
    return "taken";
  }

  /**
   * A value that says of itself that it is not good: its source is lost. An input with a failsafe stays where it is, or
   * on its way there, or let go; every other one takes it, because it is all there is.
   */
  doubtful(address: PortAddress, claim: Claim, now: Now): Reception {
    const key = portAddress(address);
    const spec = this.spec(address);
    const held = this.#stacks.get(key)?.claimOf("route");
    const failsafe = spec && this.#planned.failsafe(address, spec);
    if (spec === undefined || failsafe === undefined) return this.claim(address, "route", claim, now);
    if (this.#failsafes.hasLetGo(key)) return "taken";
    if (held !== undefined && (this.#failsafes.has(key) || held.by === claim.by)) {
      if (held.by !== claim.by)
        this.#change(address, now, (stack) => stack.claim("route", { ...held, by: claim.by }, now.wall));
    } else {
      const reception = this.claim(address, "route", claim, now);
      if (reception !== "taken") return reception;
    }
    this.sourceLost((by, to) => by === claim.by && to === key, now);
    return "taken";
  }

  /** A route holds the input no longer. What is no actuator and no scene takes values only, and `null` is none of them. */
  letGo(address: PortAddress, by: string, now: Now): Reception {
    const spec = this.spec(address);
    if (spec === undefined) return "unknown-input";
    if (spec.actuator !== true && address.instance !== sceneInstance) return "wrong-type";
    this.release(address, "route", by, now);
    const key = portAddress(address);
    if (this.#stacks.get(key)?.claimOf("route") === undefined) this.#failsafes.back(key);
    return "taken";
  }

  /** `by`: only when it is this one's. */
  release(address: PortAddress, kind: "manual" | "route", by: string | undefined, now: Now): void {
    if (address.instance === sceneInstance) return this.letSceneGo(address, by, now);
    return this.#change(address, now, (stack) => {
      if (by === undefined || stack.claimOf(kind)?.by === by) stack.release(kind, now.wall);
    });
  }

  /** What a route had recalled, or with no route whatever is recalled. Without effect when it is no scene's address. */
  letSceneGo({ instance, port }: PortAddress, route: string | undefined, now: Now): void {
    if (instance !== sceneInstance) return;
    const said = `${port} ${route}`;
    if (route === undefined || this.#sceneSaid.get(said) === true) this.#recall(port, false, now);
    this.#sceneSaid.delete(said);
  }

  /** Lets go what routes hold of which this is true; `to` is `instance/input`. */
  releaseRoutes(isGone: (route: string, to: string) => boolean, now: Now): void {
    for (const [key, stack] of this.#stacks) {
      const address = parsePortAddress(key);
      const by = stack.claimOf("route")?.by;
      if (address.ok && by !== undefined && isGone(by, key)) this.release(address.value, "route", by, now);
    }
  }

  /** What these routes follow is lost: inputs that they hold go the way of their failsafe. */
  sourceLost(isLost: (route: string, to: string) => boolean, now: Now): void {
    for (const [key, stack] of this.#stacks) {
      const claim = stack.claimOf("route");
      const address = parsePortAddress(key);
      if (claim === undefined || !address.ok || !isLost(claim.by, key)) continue;
      const spec = this.spec(address.value);
      const failsafe = spec && this.#planned.failsafe(address.value, spec);
      if (failsafe !== undefined) this.#failsafes.lost(key, claim.value, failsafe, now.instant);
    }
  }

  /** Holds the input at what it does in a show stop. */
  stop(address: PortAddress, { by, at }: Held, now: Now): void {
    const spec = this.spec(address);
    if (spec?.actuator !== true) return;
    const value = this.#planned.stopValue(address, spec);
    this.#change(address, now, (stack) => stack.claim("stop", { value, by, at }, now.wall));
  }

  releaseStop(address: PortAddress, now: Now): void {
    this.#change(address, now, (stack) => stack.release("stop", now.wall));
  }

  /** From now on nothing moves an input but a stop. Who owns it is kept up to date beneath. */
  standStill(): void {
    this.#isStill = true;
  }

  /** From now on inputs move; `begin` brings them to where they should be. */
  moveOn(begin: () => void, now: Now): void {
    if (!this.#isStill) return;
    this.#isStill = false;
    begin();
    for (const [key, address] of this.#untold) this.#tell(address, this.#stacks.get(key)?.owner, now);
    this.#untold.clear();
  }

  /** An instance has (re)started: it is told what its inputs hold. */
  reapply(instance: string): void {
    for (const [key, { owner }] of this.#stacks) {
      const address = parsePortAddress(key);
      if (!address.ok || address.value.instance !== instance) continue;
      if (owner?.kind === "stop" || !this.#untold.has(key)) this.#apply(address.value, owner);
    }
  }

  /** Somebody new watches: what actuator inputs hold is said again. */
  repeatHeld(now: Now): void {
    for (const [key, { owner }] of this.#stacks) {
      const address = parsePortAddress(key);
      if (address.ok && owner !== undefined) this.#sink.held(address.value, owner.claim.value, now.wall);
    }
  }

  /** Does what time brings: manual values end, failsafes go their way. Returns when to come back. */
  tick(now: Now): Instant | undefined {
    const { levels, next: falls } = this.#failsafes.tick(now.instant);
    for (const { input, value } of levels) this.#fall(input, value, now);
    let next = falls;
    for (const [key, address] of this.#lent) {
      let until: Instant | undefined;
      this.#change(address, now, (stack) => void (until = stack.expire(now.instant, now.wall)));
      if (until === undefined) this.#lent.delete(key);
      next = earliest(next, until);
    }
    return next;
  }

  /** Of the owners of which this is true. */
  owners(isTold: (owner: Owner) => boolean): Record<string, OwnerReport> {
    const owners: Record<string, OwnerReport> = {};
    for (const [key, { owner }] of this.#stacks) {
      if (owner === undefined || !isTold(owner)) continue;
      const { by, until } = owner.claim;
      owners[key] = {
        kind: owner.kind,
        by: owner.kind === "route" && this.#failsafes.has(key) ? `${by}, whose source is lost` : by,
        since: owner.since,
        ...(until === undefined ? {} : { until: until.at }),
      };
    }
    return owners;
  }

  /** Those that an instance has no longer lose their owners. */
  #forget(instance: string): void {
    for (const key of this.#stacks.keys()) {
      const address = parsePortAddress(key);
      if (!address.ok || address.value.instance !== instance) continue;
      if (this.spec(address.value) !== undefined) continue;
      this.#stacks.delete(key);
      this.#failsafes.back(key);
      this.#sink.ownersChanged();
    }
    this.#failsafes.forget(instance);
  }

  #setScene(scene: string, isOn: boolean, kind: "manual" | "route", by: string, now: Now): void {
    const said = `${scene} ${by}`;
    if (kind === "route") {
      if (this.#sceneSaid.get(said) === isOn) return;
      this.#sceneSaid.set(said, isOn);
    }
    this.#recall(scene, isOn, now);
  }

  #recall(scene: string, isOn: boolean, now: Now): void {
    const moved = isOn ? this.#scenes.recall(scene, now.wall) : this.#scenes.letGo(scene);
    for (const input of moved) this.#settleScene(input, now);
  }

  #settleScene(input: string, now: Now): void {
    const address = parsePortAddress(input);
    const spec = address.ok ? this.spec(address.value) : undefined;
    // It is settled once its instance has declared it.
    if (!address.ok || spec?.actuator !== true) return;
    const level = this.#scenes.levelOf(input);
    const value = level === undefined ? undefined : fitted(level.value, spec);
    this.#change(address.value, now, (stack) => {
      if (level === undefined || value === undefined) stack.release("cue", now.wall);
      else stack.claim("cue", { ...level, value }, now.wall);
    });
  }

  #settleBackgrounds(instance: string, { inputs }: DeclaredPorts, now: Now): void {
    for (const [port, spec] of Object.entries(inputs)) {
      if (spec.actuator !== true) continue;
      for (const each of portNames(port, spec)) {
        const address = { instance, port: each };
        const level = this.#planned.background(address, spec);
        const before = this.#stacks.get(portAddress(address))?.claimOf(background);
        const value = level === undefined ? undefined : fitted(level, spec);
        if (value === before?.value) continue;
        this.#change(address, now, (stack) => {
          if (value === undefined) stack.release(background, now.wall);
          else stack.claim(background, { value, by: "the site", at: now.wall }, now.wall);
        });
      }
    }
  }

  /** The route still has the input, at the level that its failsafe has come to. */
  #fall(input: string, level: Value | undefined, now: Now): void {
    const address = parsePortAddress(input);
    if (address.ok && level === undefined)
      return this.#change(address.value, now, (stack) => stack.release("route", now.wall));
    const claim = this.#stacks.get(input)?.claimOf("route");
    const spec = address.ok ? this.spec(address.value) : undefined;
    const value = spec === undefined || level === undefined ? undefined : fitted(level, spec);
    if (!address.ok || claim === undefined || value === undefined) return this.#failsafes.back(input);
    const next = { ...claim, value, at: now.wall };
    return this.#change(address.value, now, (stack) => stack.claim("route", next, now.wall));
  }

  /** Runs `change` on the input's stack and tells the sink what came of it. */
  #change(address: PortAddress, now: Now, change: (stack: OwnershipStack) => void): void {
    const key = portAddress(address);
    const stack = this.#stacks.get(key) ?? new OwnershipStack();
    const before = stack.owner;
    change(stack);
    const after = stack.owner;
    if (stack.claimOf("route") === undefined) this.#failsafes.free(key);
    if (after === undefined) this.#stacks.delete(key);
    else this.#stacks.set(key, stack);
    if (before === after) return;
    if (after === undefined || before === undefined || !isSameValue(before.claim.value, after.claim.value)) {
      if (this.#isStill && after?.kind !== "stop") this.#untold.set(key, address);
      else this.#tell(address, after, now);
    }
    const isOwnerNew = before?.kind !== after?.kind || before?.claim.by !== after?.claim.by;
    if (isOwnerNew || before?.claim.until?.due !== after?.claim.until?.due) this.#sink.ownersChanged();
  }

  #tell(address: PortAddress, owner: Owner | undefined, now: Now): void {
    this.#apply(address, owner);
    this.#sink.held(address, owner?.claim.value ?? null, now.wall);
  }

  #apply(address: PortAddress, owner: Owner | undefined): void {
    const applied =
      owner === undefined ? undefined : { value: owner.claim.value, at: owner.claim.at, owner: owner.kind };
    this.#sink.apply(address, applied);
  }
}
