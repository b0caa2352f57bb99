/**
 * Revisions on their way to the nodes: feeds the core in `core/rollout` with what is heard of nodes and with the time, and
 * does what it says. What was decided is on disk before a node is told of it; a disk that fails is said so, and keeps
 * nobody from being told.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { type Clock, whenDue } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Micros, millis, seconds } from "@interactor/shared/kernel/units";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { rolloutDueAt } from "./core/rollout/rollout-advance.ts";
import type { RolloutOrder } from "./core/rollout/rollout-request.ts";
import type {
  HubProgress,
  Override,
  Rollout,
  RolloutEffect,
  RolloutEvent,
  RolloutStep,
} from "./core/rollout/rollout-state.ts";
import { rolloutAgain, rolloutOf, stepRollout } from "./core/rollout/rollout.ts";
import { hasComeTo, holdOf, reportOf } from "./core/rollout/node-word.ts";
import type { HubRounds } from "./hub-rounds.ts";
import type { HubTargets } from "./hub-targets.ts";
import type { Log } from "./ports/log.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";

export interface RolloutParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RolloutStore;
  readonly targets: HubTargets;
  readonly rounds: () => HubRounds;
  readonly isThere: (node: string) => boolean;
  /** By node: why its mode does not allow an update. */
  readonly closed: (nodes: readonly string[]) => Readonly<Record<string, string>>;
  /** Why the hub's own part must wait. */
  readonly hubClosed: (plan: Rollout["plan"]) => string | undefined;
  /** The hub's own part of this revision comes into force. */
  readonly serve: (revision: number) => void;
  /** Some node may have come further: what the hub does in its place may be over. */
  readonly settled: () => void;
  /** All nodes that a revision was meant for run it. */
  readonly confirmed: (revision: number) => void;
}

/** Rollouts of the past that can be looked at. More: evict the oldest. */
const pastMax = 20;
/** What nobody waits for is written so much later, with what comes until then. */
const keepGap = millis(300);
/** What the disk did not take is tried again after this. */
const keepAgainAfter = seconds(5);

/** What is done once it is written that it shall be. */
interface After {
  readonly effect: Exclude<RolloutEffect, { readonly node: string }>;
  readonly plan: Rollout["plan"];
}

export interface BeginOptions {
  readonly override?: Override | undefined;
  /** By node: the digest of those that have it already. */
  readonly same: ReadonlyMap<string, string>;
  readonly by: string;
}

export class HubRollouts {
  readonly #parts: RolloutParts;
  readonly #past = new Map<number, Rollout>();
  /** By node, what was last heard, to pass over what is said again. */
  readonly #heard = new Map<string, string>();
  #current: Rollout | undefined;
  #hub = { revision: 0, before: 0 };
  #after: After[] = [];
  #isDirty = false;
  #isSayingDue = false;
  #writing: Promise<void> | undefined;
  #cancelKeep: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #cancelAgain: (() => void) | undefined;
  #problem: string | undefined;
  #isOpen = false;
  #isDone = false;

  constructor(parts: RolloutParts) {
    this.#parts = parts;
  }

  get current(): Rollout | undefined {
    return this.#current;
  }

  /** Newest first. */
  get all(): readonly Rollout[] {
    return [...this.#past.values()].toSorted((left, right) => right.plan.revision - left.plan.revision);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** The revision whose own part the hub serves, and the one before. */
  get hub(): { readonly revision: number; readonly before: number } {
    return this.#hub;
  }

  /**
   * What the last life had on its way; nobody is there yet. `served`: the revision whose own part the hub serves, which
   * may be another one when the file of revisions was lost. Then nodes go on with what they have, until the next one.
   */
  load(served: number, isKept: (revision: number) => boolean): void {
    const { store, targets, clock, rounds } = this.#parts;
    for (const rollout of store.rollouts)
      if (isKept(rollout.plan.revision)) this.#past.set(rollout.plan.revision, rollout);
    const { hub } = store.standing ?? {};
    this.#hub = hub?.revision === served ? hub : { revision: served, before: served };
    if (store.standing === undefined) return;
    targets.load(store.standing, isKept);
    const newest = this.all[0];
    if (newest === undefined) return;
    const { group, revision } = newest.plan;
    const isCommitted = newest.round === "committed" || rounds().isCommitted(revision);
    if (group !== undefined) targets.hold(revision, isCommitted ? undefined : { kind: "group", group });
    this.#take(rolloutAgain(newest, clock.now()));
    if (isCommitted) this.#serveIf(revision);
  }

  /** From now on nodes can be told. */
  open(): void {
    this.#isOpen = true;
    this.step({ kind: "modes", closed: this.#closed(), at: this.#parts.clock.now() });
    this.#keep(true);
  }

  /** A revision is on its way from now on; the one before it goes no further. */
  begin({ plan, probation }: RolloutOrder, { override, same, by }: BeginOptions): void {
    const { clock, targets, isThere, closed } = this.#parts;
    const at = clock.now();
    targets.begin(probation, (node) => hasComeTo(this.#current, node));
    this.#supersede(plan.revision, by);
    this.#heard.clear();
    this.#hub = { revision: this.#hub.revision, before: this.#hub.revision };
    for (const [node, digest] of same) targets.stand(node, { revision: plan.revision, digest });
    const nodes = Object.keys(plan.digests);
    const rollout = rolloutOf(plan, { there: nodes.filter(isThere), closed: closed(nodes), at });
    this.#current = { ...rollout, hub: { state: "waiting" } };
    this.step(override === undefined ? { kind: "begin", at } : { kind: "override", ...override, at });
  }

  step(event: RolloutEvent): void {
    if (this.#current !== undefined) this.#take(stepRollout(this.#current, event));
  }

  presence(node: string, isThere: boolean): void {
    this.step({ kind: "presence", node, isThere, at: this.#parts.clock.now() });
    if (isThere && this.#parts.targets.isUnsaid(node)) this.#keep(true);
  }

  reported(node: string, { apply, digest }: Pick<Reported, "apply" | "digest">): void {
    const rollout = this.#current;
    if (apply === undefined || rollout?.nodes[node] === undefined) return;
    const said = `${apply.revision} ${digest} ${apply.phase} ${apply.code ?? ""}`;
    if (this.#heard.get(node) === said) return;
    this.#heard.set(node, said);
    this.step({ kind: "reported", node, ...reportOf(apply), digest, at: this.#parts.clock.now() });
  }

  /** The modes are others, or the zones. */
  modesChanged(): void {
    this.step({ kind: "modes", closed: this.#closed(), at: this.#parts.clock.now() });
  }

  /** A group's change-over came to its end. `tick`: when its members change over. */
  roundOver(revision: number, outcome: "commit" | "abort", why: string, tick: Micros): void {
    const { clock } = this.#parts;
    if (this.#current?.plan.revision !== revision) return;
    this.step({ kind: "round", outcome, why, at: clock.now() });
    if (outcome !== "commit") return;
    // The routes between nodes change over with their ends.
    const left = millis(Math.max((tick - clock.wall()) / 1000, 0));
    clock.after(left, () => this.#serveIf(revision));
  }

  /** The hub ends: what was decided is on its way to the disk, which is closed after it. */
  end(): void {
    this.#isDone = true;
    for (const cancel of [this.#cancelTick, this.#cancelKeep, this.#cancelAgain]) cancel?.();
    if (this.#isDirty) void this.#write();
  }

  #closed(): Readonly<Record<string, string>> {
    return this.#parts.closed(Object.keys(this.#current?.plan.digests ?? {}));
  }

  /** Its nodes go on with what they were told until their turn comes in the new one. */
  #supersede(revision: number, by: string): void {
    const before = this.#current;
    if (before === undefined) return;
    const at = this.#parts.clock.now();
    const reason = `revision ${revision} takes its place`;
    const { state, effects } = stepRollout(before, { kind: "abort", by, reason, takeBack: false, at });
    for (const effect of effects)
      if (effect.kind === "abort-round") this.#parts.rounds().abort(before.plan.revision, effect.why);
    this.#after = this.#after.filter(({ effect }) => effect.kind === "confirmed");
    this.#past.set(before.plan.revision, state);
    if (state !== before)
      void this.#parts.store.saveRollout(state).catch((error: unknown) => this.#failed(error));
  }

  #take({ state, effects }: RolloutStep): void {
    const { targets } = this.#parts;
    const { revision, digests, group } = state.plan;
    const before = this.#current;
    this.#current = state;
    this.#past.set(revision, state);
    for (const effect of effects) {
      switch (effect.kind) {
        case "tell":
          targets.stand(
            effect.node,
            { revision, digest: digests[effect.node] ?? targets.emptyDigest },
            holdOf(effect.held, state.round === "committed" ? undefined : group),
          );
          break;
        case "take-back":
          targets.standBack(effect.node);
          break;
        default:
          this.#after.push({ effect, plan: state.plan });
      }
    }
    const hub = this.#settleHub(state, before);
    this.#parts.settled();
    this.#keep(effects.length > 0);
    this.#tickWhenDue();
    this.#tellHub(hub);
  }

  /** The hub's own part comes with the first wave, and goes back with what is taken back. */
  #settleHub(state: Rollout, before: Rollout | undefined): HubProgress | undefined {
    const { plan, kind, override, hub } = state;
    const wasTakenBack = kind === "aborted" && before !== undefined && before.kind !== "aborted";
    if (wasTakenBack && this.#isTakenBack(state)) this.#serve(this.#hub.before);
    if (kind === "aborted") return hub;
    if (this.#hub.revision === plan.revision) return { state: "done" };
    if (kind === "paused" || (plan.group !== undefined && plan.waves.length > 0)) return hub;
    const why = override === undefined ? this.#parts.hubClosed(plan) : undefined;
    if (why !== undefined) return { state: "held", why };
    this.#serve(plan.revision);
    return { state: "done" };
  }

  /** The rollout is told, unless an older hub began it, which did not wait for that. */
  #tellHub(now: HubProgress | undefined): void {
    const known = this.#current?.hub;
    if (now === undefined || known === undefined) return;
    if (now.state === known.state && now.why === known.why) return;
    this.step({ kind: "hub", hub: now, at: this.#parts.clock.now() });
  }

  #isTakenBack({ plan }: Rollout): boolean {
    const { nodes } = this.#parts.targets;
    return Object.keys(plan.digests).every((node) => nodes.get(node)?.revision !== plan.revision);
  }

  #serveIf(revision: number): void {
    if (this.#isDone || this.#current?.plan.revision !== revision || this.#hub.revision === revision) return;
    this.#serve(revision);
    this.#keep(true);
    this.#tellHub({ state: "done" });
  }

  #serve(revision: number): void {
    this.#hub = { revision, before: this.#hub.before };
    this.#parts.serve(revision);
  }

  #tickWhenDue(): void {
    const { clock } = this.#parts;
    this.#cancelTick?.();
    const due = this.#current === undefined ? undefined : rolloutDueAt(this.#current);
    this.#cancelTick =
      due === undefined || this.#isDone
        ? undefined
        : whenDue(clock, due, () => this.step({ kind: "tick", at: clock.now() }));
  }

  /** Once per turn, and once it is written. `isSayingDue`: somebody waits for it. */
  #keep(isSayingDue: boolean): void {
    this.#isDirty = true;
    this.#isSayingDue ||= isSayingDue;
    if (this.#writing !== undefined || this.#isDone) return;
    this.#cancelKeep?.();
    if (this.#isSayingDue) this.#writing = Promise.resolve().then(() => this.#writeAll());
    else this.#cancelKeep = this.#parts.clock.after(keepGap, () => this.#keep(true));
  }

  async #writeAll(): Promise<void> {
    const { targets } = this.#parts;
    while (this.#isSayingDue) {
      const after = this.#after;
      const due = this.#isOpen ? targets.unsaid : [];
      this.#after = [];
      this.#isSayingDue = false;
      await this.#write();
      for (const each of after) this.#perform(each);
      for (const telling of due) targets.say(telling);
    }
    this.#writing = undefined;
    if (this.#isDirty) this.#keep(false);
  }

  async #write(): Promise<void> {
    const rollout = this.#current;
    this.#isDirty = false;
    const { store, targets } = this.#parts;
    try {
      const nodes = Object.fromEntries(targets.nodes);
      await Promise.all([
        rollout === undefined ? undefined : store.saveRollout(rollout),
        store.saveStanding({ hub: this.#hub, probation: targets.probation, nodes, ...begunBy(rollout) }),
      ]);
      for (const { plan } of this.all.slice(pastMax)) {
        await store.removeRollout(plan.revision);
        this.#past.delete(plan.revision);
      }
      this.#problem = undefined;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const words = `how far the rollout is cannot be kept on disk: ${messageOf(error)}`;
    if (words !== this.#problem) this.#parts.log.error(words);
    this.#problem = words;
    this.#cancelAgain?.();
    if (!this.#isDone) this.#cancelAgain = this.#parts.clock.after(keepAgainAfter, () => this.#keep(true));
  }

  #release(revision: number): void {
    this.#parts.targets.release(revision);
    this.#keep(true);
  }

  #perform({ effect, plan: { revision, group } }: After): void {
    const { rounds, confirmed } = this.#parts;
    const isCurrent = this.#current?.plan.revision === revision;
    switch (effect.kind) {
      case "begin-round":
        if (isCurrent && this.#current?.round === "begun" && group !== undefined)
          rounds().begin(revision, group, effect.members);
        return undefined;
      case "abort-round":
        return rounds().abort(revision, effect.why);
      case "confirmed":
        if (isCurrent && group !== undefined) this.#release(revision);
        return confirmed(revision);
      default:
        return unreachable(effect);
    }
  }
}

const begunBy = (newest: Rollout | undefined) => newest && { rollout: newest.plan.revision };
