/**
 * Whether a revision is well, by what is seen and not by what is claimed: which code runs, whether its self-tests pass,
 * whether it gives signs of life. Judged are the instances that the revision changed, and those that were well before
 * it: nothing may be worse than it was. What was broken already, such as a sensor that nobody has plugged in, is no
 * reason to take a revision back.
 */
import { earliest, type Instant, later, millis, type Millis, seconds } from "@interactor/shared/kernel/units";
import type { PlanChanges } from "@interactor/shared/site/plan-changes";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Plan } from "@interactor/shared/wire/messages/plan";

/** An instance gives a sign of life every second; so many may be late on a Pi that has much to do. */
export const heartbeatMax = seconds(3);
/**
 * The agent looks so often, to know when it was late itself: what came meanwhile from instances has not been heard yet.
 */
const lookEvery = seconds(1);
/** Between two looks. More: the agent was late, and silence counts from the later one. */
const lookGapMax: Millis = millis(lookEvery + 500);
/** From the switch to the first sign of life: a worker thread starts, and a serial line is opened. */
export const firstHeartbeatMax = seconds(15);

/**
 * What is still missing at the end of a short probation is waited for so long: a worker thread takes a slow Pi, or one
 * that has much to do, many seconds to start. Less than what the apply itself waits for a verdict.
 */
export const comingUpMax = seconds(15);

/** The code an instance runs, as its host has loaded it. */
export interface RunningCode {
  readonly module: string;
  readonly version: string;
  /** SHA-256 of its bundle; empty for one that comes with the agent. */
  readonly digest: string;
}

export type Verdict =
  | { readonly kind: "watching" }
  | { readonly kind: "well" }
  | { readonly kind: "unwell"; readonly reason: string };

export interface ProbationOptions {
  readonly plan: Plan;
  readonly changes: PlanChanges;
  /** Instances that were well when the revision began. */
  readonly wellBefore: ReadonlySet<string>;
  readonly window: Millis;
  readonly at: Instant;
}

interface Watched {
  readonly planned: RunningCode;
  readonly isChanged: boolean;
  code: RunningCode | undefined;
  state: InstanceReport["state"] | undefined;
  beatAt: Instant | undefined;
  selfTest: "none" | "running" | "passed";
}

export class Probation {
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #began: Instant;
  readonly #ends: Instant;
  readonly #stopped: ReadonlySet<string>;
  #unwell: string | undefined;
  #lookedAt: Instant;
  /** Since when the agent has listened without a gap. */
  #listensSince: Instant;

  constructor({ plan, changes, wellBefore, window, at }: ProbationOptions) {
    const isJudged = (name: string): boolean =>
      changes.instances[name] !== "untouched" || wellBefore.has(name);
    this.#watched = new Map(
      Object.entries(plan.instances)
        .filter(([name]) => isJudged(name))
        .map(([name, planned]) => [name, watchedOf(planned, changes.instances[name] !== "untouched")]),
    );
    this.#stopped = new Set(
      Object.keys(changes.instances).filter((name) => changes.instances[name] === "stop"),
    );
    this.#began = at;
    this.#lookedAt = at;
    this.#listensSince = at;
    this.#ends = later(at, window);
  }

  /** The host has loaded this code for the instance. */
  loaded(instance: string, { module, version, digest }: RunningCode): void {
    const watched = this.#watched.get(instance);
    if (watched === undefined) return;
    watched.code = { module, version, digest };
    const { planned, isChanged } = watched;
    // Other code of what is not changed came with a renewed agent, and is not this revision's doing.
    if (!isChanged) return;
    if (planned.module === module && planned.version === version && planned.digest === digest) return;
    const runs = `${module} ${version}${digest === "" ? "" : ` (${digest.slice(0, 12)})`}`;
    this.#fail(`${instance} runs ${runs}, and not ${planned.module} ${planned.version}`);
  }

  stateChanged(instance: string, { state, reason }: InstanceReport): void {
    if (this.#stopped.has(instance) && state === "running") this.#fail(`${instance} was not stopped`);
    const watched = this.#watched.get(instance);
    if (watched === undefined) return;
    const before = watched.state;
    watched.state = state;
    const because = reason === undefined ? "" : `: ${reason}`;
    if (state === "failed" || state === "stopped") this.#fail(`${instance} has ${state}${because}`);
    else if (state === "starting" && before !== undefined && before !== "starting")
      this.#fail(`${instance} ended and was started again${because}`);
  }

  /** A sign of life. */
  beat(instance: string, at: Instant): void {
    const watched = this.#watched.get(instance);
    if (watched !== undefined) watched.beatAt = at;
  }

  /** `undefined`: it has begun. An instance without a self-test never says anything. */
  selfTest(instance: string, outcome: "passed" | { readonly failed: string } | undefined): void {
    const watched = this.#watched.get(instance);
    if (watched === undefined) return;
    watched.selfTest = outcome === "passed" ? "passed" : "running";
    if (typeof outcome === "object") this.#fail(`the self-test of ${instance} failed: ${outcome.failed}`);
  }

  verdict(at: Instant): Verdict {
    this.#looked(at);
    for (const [instance, { beatAt }] of this.#watched) {
      if (at <= this.#silentAt(beatAt)) continue;
      this.#fail(
        beatAt === undefined
          ? `${instance} gave no sign of life`
          : `${instance} has given no sign of life for ${Math.round((at - beatAt) / 100) / 10} s`,
      );
    }
    if (this.#unwell !== undefined) return { kind: "unwell", reason: this.#unwell };
    if (at < this.#ends) return { kind: "watching" };
    const missing = this.#missing();
    if (missing === undefined) return { kind: "well" };
    return at < later(this.#ends, comingUpMax) ? { kind: "watching" } : { kind: "unwell", reason: missing };
  }

  /** When a verdict may be another one without anything being seen. */
  dueAt(at: Instant): Instant {
    const ends = at < this.#ends ? this.#ends : later(this.#ends, comingUpMax);
    let due = earliest(ends, later(this.#lookedAt, lookEvery)) ?? ends;
    for (const { beatAt } of this.#watched.values()) due = earliest(due, this.#silentAt(beatAt)) ?? due;
    return due;
  }

  #looked(at: Instant): void {
    if (at > later(this.#lookedAt, lookGapMax)) this.#listensSince = at;
    this.#lookedAt = at;
  }

  /** What was said before it began, or while the agent did not listen, is no measure. */
  #silentAt(beatAt: Instant | undefined): Instant {
    const silent = later(latest(beatAt, this.#listensSince), heartbeatMax);
    return beatAt === undefined ? latest(later(this.#began, firstHeartbeatMax), silent) : silent;
  }

  /** What was not seen by the end. */
  #missing(): string | undefined {
    for (const [instance, { code, state, beatAt, selfTest }] of this.#watched) {
      if (code === undefined) return `it was not seen which code ${instance} runs`;
      if (state !== "running" && state !== "waiting") return `${instance} did not start in time`;
      if (beatAt === undefined) return `${instance} gave no sign of life`;
      if (selfTest === "running") return `the self-test of ${instance} did not end in time`;
    }
    return undefined;
  }

  /** The first reason is the one that led to the others. */
  #fail(reason: string): void {
    this.#unwell ??= reason;
  }
}

const latest = (left: Instant | undefined, right: Instant): Instant =>
  left === undefined || left < right ? right : left;

const watchedOf = ({ module, version, digest }: RunningCode, isChanged: boolean): Watched => ({
  planned: { module, version, digest },
  isChanged,
  code: undefined,
  state: undefined,
  beatAt: undefined,
  selfTest: "none",
});
