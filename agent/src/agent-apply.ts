/**
 * Brings a node from one plan to the next: does over the ports what the core in `core/apply` says, and tells it what came
 * of it. Decides nothing itself.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { type Clock, whenDue } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { changesBetween, emptyPlan } from "@interactor/shared/site/plan-changes";
import type { MemberWord, RoundWord } from "@interactor/shared/wire/messages/group-round";
import type { Plan, Target } from "@interactor/shared/wire/messages/plan";
import { codeOf, isUntouched, wordsOf } from "./agent-apply-faults.ts";
import { PlanFiles, type PlanFilesWorld } from "./agent-plan-files.ts";
import { applyAtStart, stepApply } from "./core/apply/apply.ts";
import {
  applyDueAt,
  type ApplyEffect,
  type ApplyEvent,
  type ApplyState,
  type Content,
  contentOf,
  type Phase,
} from "./core/apply/apply-state.ts";
import type { KnownClock } from "./core/apply/group-vote.ts";
import { nothingKept } from "./ports/apply-store.ts";
import type { PlanRunner } from "./ports/plan-runner.ts";

export interface ApplyWorld extends PlanFilesWorld {
  readonly clock: Clock;
  readonly runner: PlanRunner;
  /** The site's clock with its error, once it is known. */
  readonly knownClock: () => KnownClock | undefined;
  readonly say: (word: MemberWord) => void;
  readonly phaseChanged: (phase: Phase) => void;
  readonly restart: (reason: string) => void;
}

type Asked = Extract<ApplyEffect, { readonly attempt: number }>;

export class AgentApply {
  readonly #world: ApplyWorld;
  readonly #files: PlanFiles;
  #state: ApplyState = applyAtStart;
  /** What the runner was last told to run, however far it came. */
  #running: Plan = emptyPlan;
  /** What it has brought to its end. */
  #runs: Content | undefined;
  /** What the hub said last: its plan stands in it alone. */
  #said: Target | undefined;
  #cancelDue: (() => void) | undefined;
  #isStopped = false;

  constructor(world: ApplyWorld) {
    this.#world = world;
    this.#files = new PlanFiles(world);
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  /** What runs, or would: of a node that was withdrawn from its group nothing does. */
  get current(): Content | undefined {
    return this.#state.kept.isWithdrawn ? undefined : this.#state.kept.current;
  }

  /** What really runs. */
  get runs(): Content | undefined {
    const { current } = this.#state.kept;
    const runs = current?.digest === this.#runs?.digest ? current : this.#runs;
    return runs && contentOf(runs);
  }

  /** Begins with what is on disk. Returns whether there is anything to run now. */
  async start(): Promise<boolean> {
    const kept = await this.#world.store.load().catch((error: unknown) => {
      const words = "what this node shall run cannot be read: it runs nothing until its hub says what";
      this.#world.log.error(words, { cause: messageOf(error) });
      return nothingKept;
    });
    this.#step({ kind: "started", kept, at: this.#world.clock.now() });
    return this.current !== undefined && this.#state.vote.vote.kind === "free";
  }

  target(target: Target | undefined): void {
    this.#said = target ?? this.#said;
    this.#step({ kind: "target", target, at: this.#world.clock.now() });
  }

  word(word: RoundWord): void {
    this.#step({ kind: "word", word, clock: this.#world.knownClock(), at: this.#world.clock.now() });
  }

  connected(): void {
    this.#step({ kind: "connected", clock: this.#world.knownClock(), at: this.#world.clock.now() });
  }

  /**
   * An instance ends again and again. Where the revision before this one had it just so, going back is of no use. Throws
   * a Fault when that one cannot be read.
   */
  async escalated(instance: string, reason: string): Promise<void> {
    const { current, previous } = this.#state.kept;
    if (current === undefined || previous === undefined) return;
    const changes = changesBetween(await this.#files.plan(previous), await this.#files.plan(current));
    if ((changes.instances[instance] ?? "untouched") === "untouched") return;
    const words = `${instance} ended again and again: ${reason}`;
    const at = this.#world.clock.now();
    this.#step({ kind: "escalated", current: contentOf(current), reason: words, at });
  }

  /** What is still answered afterwards changes nothing: it says how the end went, and not how the revision is. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelDue?.();
    this.#files.drop();
  }

  #step(event: ApplyEvent): void {
    if (this.#isStopped) return;
    const before = this.#state.phase;
    const { state, effects } = stepApply(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    if (state.phase !== before) this.#world.phaseChanged(state.phase);
    if (isEnd(state.phase) && !isEnd(before))
      this.#files.collect(this.#contents, () => isEnd(this.#state.phase));
    this.#wakeWhenDue();
    // The hub may have said meanwhile what the damaged one should be.
    if (isDamaged(state.phase) && !isDamaged(before)) this.target(this.#said);
  }

  #wakeWhenDue(): void {
    this.#cancelDue?.();
    const due = applyDueAt(this.#state);
    if (due === undefined) return;
    const { clock } = this.#world;
    this.#cancelDue = whenDue(clock, due, () => this.#step({ kind: "tick", at: clock.now() }));
  }

  #perform(effect: ApplyEffect): void {
    const { store, runner, clock } = this.#world;
    switch (effect.kind) {
      case "keep":
        return this.#saved(store.save(effect.kept), (isKept) => ({
          kind: isKept ? "kept" : "not-kept",
          at: clock.now(),
        }));
      case "write-vote":
        return this.#saved(store.save(effect.kept), (isKept) => {
          const { vote } = effect;
          const at = clock.now();
          return isKept
            ? { kind: "vote-written", vote, clock: this.#world.knownClock(), at }
            : { kind: "vote-not-written", vote, at };
        });
      case "say":
        return this.#world.say(effect.word);
      case "suspend":
        return runner.suspend();
      case "resume":
        return this.#resume();
      case "drop":
        return this.#files.drop();
      case "restart":
        return this.#world.restart(effect.reason);
      default:
        return void this.#answer(effect);
    }
  }

  #saved(saving: Promise<void>, answer: (isKept: boolean) => ApplyEvent): void {
    void saving.then(
      () => this.#step(answer(true)),
      (error: unknown) => {
        this.#world.log.error("the disk did not take what this node shall run", { cause: messageOf(error) });
        this.#step(answer(false));
      },
    );
  }

  /** After a restart in doubt nothing runs yet: what is current is begun now. */
  #resume(): void {
    const { current } = this.#state.kept;
    void this.#bringTo(current).then(
      () => this.#world.runner.resume(),
      (error: unknown) => this.#world.restart(messageOf(error)),
    );
  }

  async #answer(asked: Asked): Promise<void> {
    const { attempt } = asked;
    try {
      await this.#do(asked);
      this.#step({ kind: "done", attempt, at: this.#world.clock.now() });
    } catch (error) {
      const code = codeOf(error);
      const reason = wordsOf(error);
      this.#step({
        kind: "failed",
        attempt,
        code,
        reason,
        isPassing: code !== "VETO",
        at: this.#world.clock.now(),
      });
    }
  }

  async #do(asked: Asked): Promise<void> {
    switch (asked.kind) {
      case "fetch":
        return this.#fetch(asked.target, asked.attempt);
      case "verify": {
        const { current, previous } = this.#state.kept;
        const installed = [current, previous].filter((each) => each !== undefined);
        return this.#files.verify(asked.target, installed);
      }
      case "prepare": {
        const plan = await this.#files.plan(asked.target);
        return this.#world.runner.prepare(plan, changesBetween(this.#running, plan));
      }
      case "write":
        return this.#world.store.save(asked.kept);
      case "switch":
        await this.#bringTo(asked.to);
        return this.#world.runner.resume();
      case "probe": {
        const plan = await this.#files.plan(asked.target);
        const before = await this.#planBefore();
        const { probation } = asked.target;
        const wrong = await this.#world.runner.probe(plan, changesBetween(before, plan), probation);
        if (wrong !== undefined) throw new Fault("UNHEALTHY", wrong);
        return undefined;
      }
      default:
        return unreachable(asked);
    }
  }

  #fetch(target: Target, attempt: number): Promise<void> {
    // What is tried again later comes without its plan.
    const plan = target.plan ?? (this.#said?.digest === target.digest ? this.#said.plan : undefined);
    return this.#files.fetch(target, plan, () =>
      this.#step({ kind: "progress", attempt, at: this.#world.clock.now() }),
    );
  }

  get #contents(): readonly Content[] {
    const { current, previous, awaited } = this.#state.kept;
    return [current, previous, awaited].filter((each) => each !== undefined);
  }

  async #planBefore(): Promise<Plan> {
    const { previous } = this.#state.kept;
    return previous === undefined ? emptyPlan : this.#files.plan(previous);
  }

  async #bringTo(content: Content | undefined): Promise<void> {
    const plan = content === undefined ? emptyPlan : await this.#files.plan(content);
    const before = this.#running;
    const changes = changesBetween(before, plan);
    // Also what comes to no end has been begun: on the way back everything that it may have touched is compared anew.
    this.#running = plan;
    const isBack = this.#state.phase.kind === "going-back" || this.#state.phase.kind === "rolled-back";
    await this.#world.runner.change(plan, changes, isBack).catch((error: unknown) => {
      // Nothing was touched; unless something else was begun meanwhile, what ran runs.
      if (isUntouched(error) && this.#running === plan) this.#running = before;
      throw error;
    });
    this.#runs = content;
  }
}

const isDamaged = (phase: Phase): boolean => phase.kind === "rolled-back" && phase.code === "DAMAGED";
const isEnd = ({ kind }: Phase): boolean => kind === "applied" || kind === "rolled-back";
