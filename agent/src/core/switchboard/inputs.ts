/**
 * The inputs of a node: who owns each, and what it therefore holds. Sinks are told of what changes, and of nothing twice.
 * Where values come from is the switchboard's business.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { earliest, type Instant } from "@interactor/shared/kernel/units";
import { findPort, type InputSpec, restOf } from "@interactor/shared/wire/messages/port";
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
import { fitted, isSameValue } from "./input-values.ts";
import { type Claim, type Owner, OwnershipStack, reportsOf } from "./ownership.ts";
import type { Held, Now, Reception, SwitchboardSink } from "./inputs-world.ts";
import { PlannedInputs } from "./planned-inputs.ts";
import { type Manner, Said } from "./said.ts";
import { Scenes } from "./scenes.ts";
import { appliedOf, giveBack, setState, type SpeakerKind, statesAtRest } from "./states.ts";

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
  readonly #said = new Said();
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
    this.#sayRests(instance, ports, now);
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

  claim(address: PortAddress, kind: "manual" | "route", claim: Claim & Manner, now: Now): Reception {
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
    if (restOf(spec) !== undefined) {
      const { until: _, ...word } = claim;
      return this.#set(address, kind, { ...word, value }, now);
    }
    if (this.#isStill) return "standing-still";
    this.#sink.apply(address, { value, at: claim.at, owner: kind });
    return "taken";
  }

  /**
   * A module says what a state of it is since an earlier life of its own: so it is, unless somebody has said more since. What
   * routes told late is less.
   */
  found(address: PortAddress, value: Value, now: Now): void {
    const spec = this.spec(address);
    const fit = spec && restOf(spec) !== undefined ? fitted(value, spec) : undefined;
    const key = portAddress(address);
    const kind = this.ownerOf(key)?.kind;
    const isOpen =
      !this.#stacks.has(key) || kind === background || (kind === "route" && this.#said.isLate(key));
    if (fit === undefined || !isOpen) return;
    this.#set(address, background, { value: fit, by: "the module's memory", at: now.wall }, now);
  }

  /**
   * A value that says of itself that it is not good: its source is lost. An input with a failsafe stays where it is, or
   * on its way there, or let go; every other one takes it, because it is all there is.
   */
  doubtful(address: PortAddress, claim: Claim & Manner, now: Now): Reception {
    const key = portAddress(address);
    const spec = this.spec(address);
    const held = this.#stacks.get(key)?.claimOf("route");
    const failsafe = spec && this.#planned.failsafe(address, spec);
    if (spec === undefined || failsafe === undefined) return this.claim(address, "route", claim, now);
    if (this.#failsafes.letGoOf(key) !== undefined) return "taken";
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

  /** A route holds the input no longer. What is no actuator and no state takes values only, and `null` is none of them. */
  letGo(address: PortAddress, by: string, now: Now): Reception {
    const spec = this.spec(address);
    if (spec === undefined) return "unknown-input";
    if (spec.actuator !== true && restOf(spec) === undefined) return "wrong-type";
    this.release(address, "route", by, now);
    const key = portAddress(address);
    if (this.#failsafes.letGoOf(key) === by) this.#failsafes.back(key);
    return "taken";
  }

  /** `by`: only when it is this one's. */
  release(address: PortAddress, kind: "manual" | "route", by: string | undefined, now: Now): void {
    const key = portAddress(address);
    if (by !== undefined) this.#said.lets(key, by);
    const left = { kind, by, said: this.#said.last(key), rest: this.#restOf(address) };
    return this.#change(address, now, (stack) => giveBack(stack, left, now.wall));
  }

  /** Lets go what routes hold of which this is true; `to` is `instance/input`. */
  releaseRoutes(isGone: (route: string, to: string) => boolean, now: Now): void {
    this.#said.forgetRoutes(isGone);
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
  reapply(instance: string, now: Now): void {
    for (const [key, { owner }] of this.#stacks) {
      const address = parsePortAddress(key);
      if (!address.ok || address.value.instance !== instance) continue;
      if (owner?.kind === "stop" || !this.#untold.has(key)) this.#apply(address.value, owner, now);
    }
    // What it stands for may remember something else, as a mixer does. Who remembers by itself has said so by now.
    for (const [address] of statesAtRest(instance, this.#instances.get(instance) ?? { inputs: {} }))
      if (!this.#stacks.has(portAddress(address))) this.#apply(address, undefined, now);
  }

  /** Somebody new watches: what inputs hold is said again. */
  repeatHeld(now: Now): void {
    for (const [instance, ports] of this.#instances) this.#sayRests(instance, ports, now);
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
    return reportsOf(this.#stacks, isTold, (input) => this.#failsafes.has(input));
  }

  /** Those that an instance has no longer lose their owners. */
  #forget(instance: string): void {
    for (const key of this.#stacks.keys()) {
      const address = parsePortAddress(key);
      if (!address.ok || address.value.instance !== instance) continue;
      if (this.spec(address.value) !== undefined) continue;
      this.#stacks.delete(key);
      this.#said.forget(key);
      this.#failsafes.back(key);
      this.#sink.ownersChanged();
    }
    this.#failsafes.forget(instance);
  }

  #set(address: PortAddress, kind: SpeakerKind, claim: Claim & Manner, now: Now): Reception {
    const key = portAddress(address);
    const rest = this.#restOf(address);
    const isHeld = this.ownerOf(key) !== undefined;
    if (rest === undefined || (kind === "route" && !this.#said.says(key, claim, { rest, isHeld })))
      return "taken";
    const isFirst = !this.#stacks.has(key);
    if (isFirst) this.#stacks.set(key, new OwnershipStack());
    this.#change(address, now, (stack) => setState(stack, { kind, claim, rest }, now.wall));
    // At rest it is no news to us; its module may know otherwise from an earlier life.
    if (isFirst && this.ownerOf(key) === undefined) this.#tellSoon(address, undefined, now);
    return "taken";
  }

  #restOf(address: PortAddress): Value | undefined {
    const spec = this.spec(address);
    return spec && restOf(spec);
  }

  /** What states hold that nobody has set: who watches may remember something else from an earlier life. */
  #sayRests(instance: string, ports: DeclaredPorts, now: Now): void {
    for (const [address, rest] of statesAtRest(instance, ports))
      if (this.ownerOf(portAddress(address)) === undefined) this.#sink.held(address, rest, now.wall);
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

  #settleBackgrounds(instance: string, ports: DeclaredPorts, now: Now): void {
    for (const [address, value] of this.#planned.backgrounds(instance, ports)) {
      if (value === this.#stacks.get(portAddress(address))?.claimOf(background)?.value) continue;
      this.#change(address, now, (stack) => {
        if (value === undefined) stack.release(background, now.wall);
        else stack.claim(background, { value, by: "the site", at: now.wall }, now.wall);
      });
    }
  }

  /** The route still has the input, at the level that its failsafe has come to. */
  #fall(input: string, level: Value | undefined, now: Now): void {
    const address = parsePortAddress(input);
    if (address.ok && level === undefined)
      return this.#change(address.value, now, (stack) => {
        this.#failsafes.letGo(input, stack.claimOf("route")?.by);
        stack.release("route", now.wall);
      });
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
    // A state that somebody has set and let go has to be told so to its module, should that start again.
    if (after !== undefined) this.#stacks.set(key, stack);
    else if (this.#restOf(address) === undefined) this.#stacks.delete(key);
    if (before === after) return;
    const isSame =
      before !== undefined && after !== undefined && isSameValue(before.claim.value, after.claim.value);
    // A scene that is recalled again goes before those that were recalled since.
    if (!isSame || address.instance === sceneInstance) this.#tellSoon(address, after, now);
    const isOwnerNew = before?.kind !== after?.kind || before?.claim.by !== after?.claim.by;
    if (isOwnerNew || before?.claim.until?.due !== after?.claim.until?.due) this.#sink.ownersChanged();
  }

  /** Now, or when the node moves on. */
  #tellSoon(address: PortAddress, owner: Owner | undefined, now: Now): void {
    if (this.#isStill && owner?.kind !== "stop") this.#untold.set(portAddress(address), address);
    else this.#tell(address, owner, now);
  }

  #tell(address: PortAddress, owner: Owner | undefined, now: Now): void {
    if (address.instance === sceneInstance) this.#recall(address.port, owner?.claim.value === true, now);
    else this.#apply(address, owner, now);
    this.#sink.held(address, owner?.claim.value ?? this.#restOf(address) ?? null, now.wall);
  }

  #apply(address: PortAddress, owner: Owner | undefined, now: Now): void {
    return this.#sink.apply(address, appliedOf(owner, this.#restOf(address), now.wall));
  }
}
