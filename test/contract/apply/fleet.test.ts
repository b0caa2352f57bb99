// A rollout of the hub over nodes that apply, both by their real cores and in one thread: a hundred nodes, of which three
// go back, some are away, and all are held while the mode does not allow an update.

import { expect, test } from "vitest";
import { applyAtStart, stepApply } from "@interactor/agent/src/core/apply/apply.ts";
import type { ApplyEvent, ApplyState } from "@interactor/agent/src/core/apply/apply-state.ts";
import { rolloutDueAt } from "@interactor/hub/src/core/rollout/rollout-advance.ts";
import { rolloutView } from "@interactor/hub/src/core/rollout/rollout-progress.ts";
import type { Rollout, RolloutEvent } from "@interactor/hub/src/core/rollout/rollout-state.ts";
import { wavesOf } from "@interactor/hub/src/core/rollout/rollout-state.ts";
import { rolloutOf, stepRollout } from "@interactor/hub/src/core/rollout/rollout.ts";
import { type Instant, instant, later, millis, seconds } from "@interactor/shared/kernel/units";
import type { Target } from "@interactor/shared/wire/messages/plan";

const targetOf = (revision: number, held?: string): Target => ({
  v: 1,
  revision,
  digest: `plan of ${revision}`,
  bytes: 1,
  hold: held === undefined ? { kind: "none" } : { kind: "mode", why: held },
  probation: millis(500),
});

class FleetNode {
  readonly name: string;
  readonly #failing: boolean;
  readonly #fleet: Fleet;
  state: ApplyState = applyAtStart;
  runs: number | undefined;
  switches = 0;
  #digest = "";
  isThere = true;
  #target: Target = targetOf(1);

  constructor(fleet: Fleet, name: string, isFailing: boolean) {
    this.name = name;
    this.#fleet = fleet;
    this.#failing = isFailing;
    this.target(this.#target);
    this.switches = 0;
  }

  /** Retained: a node that comes back hears it. */
  target(target: Target): void {
    this.#target = target;
    if (this.isThere) this.#step({ kind: "target", target, at: this.#fleet.at });
  }

  presence(isThere: boolean): void {
    this.isThere = isThere;
    this.#fleet.step({ kind: "presence", node: this.name, isThere, at: this.#fleet.at });
    if (isThere) this.target(this.#target);
  }

  #step(event: ApplyEvent): void {
    const { at } = this.#fleet;
    const { state, effects } = stepApply(this.state, event);
    this.state = state;
    this.#report();
    for (const effect of effects) {
      if (!("attempt" in effect)) continue;
      const { attempt } = effect;
      if (effect.kind === "switch") {
        this.switches += 1;
        this.runs = effect.to?.revision;
        this.#digest = effect.to?.digest ?? "";
      }
      if (effect.kind === "probe" && this.#failing && this.runs === 2) {
        this.#step({
          kind: "failed",
          attempt,
          code: "UNHEALTHY",
          reason: "it crashed",
          isPassing: false,
          at,
        });
      } else this.#step({ kind: "done", attempt, at });
    }
  }

  #report(): void {
    const { phase } = this.state;
    if (phase.kind === "idle") return;
    const { at } = this.#fleet;
    const why = "code" in phase ? { code: phase.code, reason: phase.reason } : {};
    const { revision } = phase.target;
    this.#fleet.step({
      kind: "reported",
      node: this.name,
      revision,
      digest: this.#digest,
      phase: phase.kind,
      ...why,
      at,
    });
  }
}

class Fleet {
  at: Instant = instant(0);
  state: Rollout | undefined;
  readonly nodes: readonly FleetNode[];
  /** Taken one after the other: what follows from an event waits until it has been taken whole. */
  #events: RolloutEvent[] = [];
  #isStepping = false;

  constructor(failing: readonly number[]) {
    this.nodes = Array.from(
      { length: 100 },
      (_, index) => new FleetNode(this, `pi-${index}`, failing.includes(index)),
    );
  }

  begin(closed: Readonly<Record<string, string>> = {}): void {
    const names = this.nodes.map(({ name }) => name);
    const waves = wavesOf(names, [
      { kind: "count", count: 1 },
      { kind: "share", share: 0.1 },
      { kind: "share", share: 0.5 },
    ]);
    const digests = Object.fromEntries(names.map((name) => [name, targetOf(2).digest]));
    const plan = {
      revision: 2,
      digests,
      waves,
      threshold: { kind: "share", share: 0.02 },
      settle: seconds(10),
    } as const;
    const there = this.nodes.filter((node) => node.isThere).map(({ name }) => name);
    this.state = rolloutOf(plan, { there, closed, at: this.at });
    this.step({ kind: "begin", at: this.at });
  }

  step(event: RolloutEvent): void {
    this.#events.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#take(next);
    this.#isStepping = false;
  }

  /** Until nothing is due any more, at most so long. */
  wait(span: number): void {
    for (let left = 1000; left > 0; left -= 1) {
      const due = this.state === undefined ? undefined : rolloutDueAt(this.state);
      if (due === undefined || due > span) break;
      this.at = later(due, millis(0));
      this.step({ kind: "tick", at: this.at });
    }
  }

  get running(): readonly number[] {
    return [1, 2].map((revision) => this.nodes.filter(({ runs }) => runs === revision).length);
  }

  #take(event: RolloutEvent): void {
    if (this.state === undefined) return;
    const { state, effects } = stepRollout(this.state, event);
    this.state = state;
    for (const effect of effects) {
      const node = "node" in effect ? this.nodes.find(({ name }) => name === effect.node) : undefined;
      if (effect.kind === "tell") node?.target(targetOf(2, effect.held));
      if (effect.kind === "take-back") node?.target(targetOf(1));
    }
  }
}

const by = { by: "anna", reason: "I looked" };

test("with three that go back it stops in the third wave, and comes to an end when somebody has looked", () => {
  const fleet = new Fleet([20, 30, 40]);
  fleet.begin();
  fleet.wait(3600_000);

  // The second of fifty is too many; the rest of the wave has begun or is held.
  expect(fleet.state).toMatchObject({ kind: "paused", wave: 2 });
  expect(fleet.nodes.slice(50).every(({ runs, switches }) => runs === 1 && switches === 0)).toBe(true);

  fleet.step({ kind: "resume", ...by, at: fleet.at });
  fleet.wait(7200_000);
  while (fleet.state?.kind === "paused") {
    fleet.step({ kind: "resume", ...by, at: fleet.at });
    fleet.wait(7200_000);
  }

  expect(fleet.running).toEqual([3, 97]);
  expect(fleet.state?.kind).toBe("complete");
  expect(fleet.nodes[20]?.switches).toBe(2);
  expect(fleet.nodes[21]?.switches).toBe(1);
});

test("aborted and taken back all run what they ran before", () => {
  const fleet = new Fleet([20, 30, 40]);
  fleet.begin();
  fleet.wait(3600_000);

  fleet.step({ kind: "abort", ...by, takeBack: true, at: fleet.at });

  expect(fleet.running).toEqual([100, 0]);
  expect(fleet.nodes.every(({ state }) => state.phase.kind === "applied")).toBe(true);
});

test("while the mode is open nothing changes over, and when it closes all that waited do", () => {
  const fleet = new Fleet([]);
  const closed = Object.fromEntries(fleet.nodes.map(({ name }) => [name, "the mode is open"]));
  fleet.begin(closed);
  fleet.wait(3600_000);

  expect(fleet.running).toEqual([100, 0]);
  expect(fleet.nodes[0]?.state.phase).toMatchObject({ kind: "held", why: "mode" });

  fleet.step({ kind: "modes", closed: {}, at: fleet.at });
  fleet.wait(7200_000);
  expect(fleet.running).toEqual([0, 100]);
  expect(fleet.nodes.every(({ switches }) => switches === 1)).toBe(true);
});

test("nodes that are away get it when they come", () => {
  const fleet = new Fleet([]);
  const away = fleet.nodes.slice(90);
  for (const node of away) node.presence(false);
  fleet.begin();
  fleet.wait(3600_000);
  expect(fleet.running).toEqual([10, 90]);
  expect(fleet.state?.kind).toBe("trailing");

  for (const node of away) node.presence(true);

  expect(fleet.running).toEqual([0, 100]);
  expect(fleet.state?.kind).toBe("complete");
  const { nodes } = fleet.state === undefined ? { nodes: [] } : rolloutView(fleet.state, fleet.at);
  expect(nodes.filter(({ state }) => state === "done")).toHaveLength(100);
});
