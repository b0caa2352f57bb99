/**
 * Brings a node from one plan to the next: does over the ports what the core in `core/apply` says, and tells it what came
 * of it. Decides nothing itself.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { between, millis } from "@interactor/shared/kernel/units";
import { changesBetween, emptyPlan } from "@interactor/shared/site/plan-changes";
import type { MemberWord, RoundWord } from "@interactor/shared/wire/messages/group-round";
import { decodePlan, type Plan, type Target } from "@interactor/shared/wire/messages/plan";
import { codeOf, isUntouched, wordsOf } from "./agent-apply-faults.ts";
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
import { checkSigned, unvouched } from "./core/apply/vouched.ts";
import { type ApplyStore, nothingKept } from "./ports/apply-store.ts";
import type { AllowBundles } from "./ports/trust.ts";
import type { HubFiles } from "./ports/hub-files.ts";
import type { Log } from "./ports/log.ts";
import type { PlanRunner } from "./ports/plan-runner.ts";

export interface ApplyWorld {
  readonly clock: Clock;
  readonly store: ApplyStore;
  readonly files: HubFiles;
  /**
   * Throws a Fault `TRUST_…` unless all of these bundles may be installed here. Not asked when what is installed starts.
   * Without it, whatever the hub names is installed.
   */
  readonly allow?: AllowBundles;
  /** Resolves when nobody else fetches that file. */
  readonly untouched?: (digest: string) => Promise<void>;
  readonly runner: PlanRunner;
  readonly log: Log;
  /** The site's clock with its error, once it is known. */
  readonly knownClock: () => KnownClock | undefined;
  readonly say: (word: MemberWord) => void;
  readonly phaseChanged: (phase: Phase) => void;
  readonly restart: (reason: string) => void;
}

type Asked = Extract<ApplyEffect, { readonly attempt: number }>;

export class AgentApply {
  readonly #world: ApplyWorld;
  #state: ApplyState = applyAtStart;
  /** What the runner was last told to run, however far it came. */
  #running: Plan = emptyPlan;
  /** What it has brought to its end. */
  #runs: Content | undefined;
  /** What the hub said last: its plan stands in it alone. */
  #said: Target | undefined;
  #fetching = new AbortController();
  #collecting = Promise.resolve();
  #cancelDue: (() => void) | undefined;
  #isStopped = false;

  constructor(world: ApplyWorld) {
    this.#world = world;
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
    const changes = changesBetween(await this.#plan(previous), await this.#plan(current));
    if ((changes.instances[instance] ?? "untouched") === "untouched") return;
    const words = `${instance} ended again and again: ${reason}`;
    const at = this.#world.clock.now();
    this.#step({ kind: "escalated", current: contentOf(current), reason: words, at });
  }

  /** What is still answered afterwards changes nothing: it says how the end went, and not how the revision is. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelDue?.();
    this.#fetching.abort();
  }

  #step(event: ApplyEvent): void {
    if (this.#isStopped) return;
    const before = this.#state.phase;
    const { state, effects } = stepApply(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    if (state.phase !== before) this.#world.phaseChanged(state.phase);
    if (isEnd(state.phase) && !isEnd(before)) this.#collecting = this.#collect();
    this.#wakeWhenDue();
    // The hub may have said meanwhile what the damaged one should be.
    if (isDamaged(state.phase) && !isDamaged(before)) this.target(this.#said);
  }

  #wakeWhenDue(): void {
    this.#cancelDue?.();
    const due = applyDueAt(this.#state);
    if (due === undefined) return;
    const { clock } = this.#world;
    this.#cancelDue = clock.after(millis(Math.max(between(clock.now(), due), 0)), () =>
      this.#step({ kind: "tick", at: clock.now() }),
    );
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
        return this.#fetching.abort();
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
      const [code, reason] = [codeOf(error), wordsOf(error)];
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
      case "verify":
        return this.#verify(asked.target);
      case "prepare": {
        const plan = await this.#plan(asked.target);
        return this.#world.runner.prepare(plan, changesBetween(this.#running, plan));
      }
      case "write":
        return this.#world.store.save(asked.kept);
      case "switch":
        await this.#bringTo(asked.to);
        return this.#world.runner.resume();
      case "probe": {
        const plan = await this.#plan(asked.target);
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

  /** Every file has the bytes of its digest, and every bundle that comes new is one that may be installed. */
  async #verify({ digest }: Pick<Content, "digest">): Promise<void> {
    const { store, allow } = this.#world;
    await store.check(digest);
    const plan = await this.#plan({ digest });
    for (const file of plan.files) await store.check(file.digest);
    const asked = unvouched(plan, await this.#installed());
    if (asked.length === 0 || allow === undefined) return;
    const bundles = [...new Set(asked.map(([, { digest: bundle }]) => bundle))];
    checkSigned(asked, await allow(bundles, this.#fetching.signal));
  }

  /** Plans that were allowed when they came. One that cannot be read vouches for nothing. */
  async #installed(): Promise<readonly Plan[]> {
    const { current, previous } = this.#state.kept;
    const contents = [current, previous].filter((each) => each !== undefined);
    return Promise.all(contents.map((each) => this.#plan(each).catch(() => emptyPlan)));
  }

  /** Each file whose digest is not there; what an earlier try brought is not fetched again. */
  async #fetch(target: Target, attempt: number): Promise<void> {
    this.#fetching.abort();
    const fetching = new AbortController();
    this.#fetching = fetching;
    // What is being removed must not be what is fetched now.
    await this.#collecting;
    const { digest, bytes } = target;
    // What is tried again later comes without its plan.
    const given = target.plan ?? (this.#said?.digest === digest ? this.#said.plan : undefined);
    if (!(await this.#isWhole(digest))) {
      if (given === undefined) await this.#get(digest, bytes, attempt, fetching.signal);
      else await this.#put(digest, given);
    }
    for (const file of (await this.#plan(target)).files)
      await this.#get(file.digest, file.bytes, attempt, fetching.signal);
  }

  /** One that is damaged is removed. */
  async #isWhole(digest: string): Promise<boolean> {
    if (!(await this.#world.store.has(digest))) return false;
    return this.#world.store.check(digest).then(
      () => true,
      () => false,
    );
  }

  async #put(digest: string, bytes: Uint8Array): Promise<void> {
    const receipt = await this.#world.store.receive(digest, bytes.length);
    await receipt.add(bytes.subarray(receipt.offset));
    await receipt.finish();
  }

  async #get(digest: string, bytes: number, attempt: number, signal: AbortSignal): Promise<void> {
    const { store, files, clock, untouched } = this.#world;
    await untouched?.(digest);
    if (await store.has(digest)) return;
    const receipt = await store.receive(digest, bytes);
    if (receipt.offset < bytes) {
      for await (const piece of files.fetch(digest, receipt.offset, signal)) {
        signal.throwIfAborted();
        await receipt.add(piece);
        this.#step({ kind: "progress", attempt, at: clock.now() });
      }
    }
    await receipt.finish();
  }

  async #plan({ digest }: Pick<Content, "digest">): Promise<Plan> {
    const decoded = decodePlan(await this.#world.store.read(digest));
    if (!decoded.ok) throw new Fault("VETO", `the plan cannot be read: ${decoded.error}`);
    return decoded.value;
  }

  async #planBefore(): Promise<Plan> {
    const { previous } = this.#state.kept;
    return previous === undefined ? emptyPlan : this.#plan(previous);
  }

  async #bringTo(content: Content | undefined): Promise<void> {
    const plan = content === undefined ? emptyPlan : await this.#plan(content);
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

  /** What nothing on disk names any more goes. A disk that refuses has it until the next time. */
  async #collect(): Promise<void> {
    const { current, previous, awaited } = this.#state.kept;
    const wanted = new Set<string>();
    try {
      for (const content of [current, previous, awaited]) {
        if (content === undefined) continue;
        wanted.add(content.digest);
        if (!(await this.#world.store.has(content.digest))) continue;
        for (const { digest } of (await this.#plan(content)).files) wanted.add(digest);
      }
      if (isEnd(this.#state.phase)) await this.#world.store.collect(wanted);
    } catch (error) {
      this.#world.log.warn("files that are not needed could not be removed", { cause: messageOf(error) });
    }
  }
}

const isDamaged = (phase: Phase): boolean => phase.kind === "rolled-back" && phase.code === "DAMAGED";
const isEnd = ({ kind }: Phase): boolean => kind === "applied" || kind === "rolled-back";
