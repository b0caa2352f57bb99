/** What happens to a rollout, and what follows from it: see `rollout-state.ts`. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Instant } from "@interactor/shared/kernel/units";
import { advance, tellAgain } from "./rollout-advance.ts";
import {
  type NodeProgress,
  type Rollout,
  type RolloutEffect,
  type RolloutEvent,
  rolloutLogMax,
  type RolloutPlan,
  type RolloutStep,
} from "./rollout-state.ts";

export function rolloutOf(
  plan: RolloutPlan,
  { there, closed, at }: Pick<Rollout, "there" | "closed"> & { readonly at: Instant },
): Rollout {
  const waiting: NodeProgress = { state: "waiting", since: at };
  return {
    plan,
    kind: "running",
    wave: 0,
    nodes: Object.fromEntries(plan.waves.flat().map((node) => [node, waiting])),
    there,
    closed,
    accepted: [],
    round: "none",
    log: [],
  };
}

/** After a restart of the hub: its clock began anew, and who is there is not known yet. */
export function rolloutAgain(kept: Rollout, at: Instant): RolloutStep {
  const nodes = Object.entries(kept.nodes).map(
    ([node, progress]) => [node, { ...progress, since: at }] as const,
  );
  const { passedAt: _passedAt, ...rest } = kept;
  const round = kept.round === "begun" ? "none" : kept.round;
  const log = kept.log.map((each) => ({ ...each, at }));
  return tellAgain({ ...rest, there: [], round, nodes: Object.fromEntries(nodes), log });
}

export function stepRollout(state: Rollout, event: RolloutEvent): RolloutStep {
  const { state: next, effects } = take(state, event);
  const advanced = advance(next, event.at);
  return { state: advanced.state, effects: [...effects, ...advanced.effects] };
}

const stay = (state: Rollout, ...effects: readonly RolloutEffect[]): RolloutStep => ({ state, effects });

function take(state: Rollout, event: RolloutEvent): RolloutStep {
  switch (event.kind) {
    case "begin":
    case "tick":
      return stay(state);
    case "hub":
      return stay({ ...state, hub: event.hub });
    case "presence":
      return stay(presence(state, event));
    case "reported":
      return stay(reported(state, event));
    case "modes":
      return tellAgain({ ...state, closed: event.closed });
    case "override": {
      const { by, reason } = event;
      return tellAgain(
        noted({ ...state, override: { by, reason } }, event.at, `${by} overrides the mode: ${reason}`),
      );
    }
    case "pause":
      return paused(state, event);
    case "resume":
      return resumed(state, event);
    case "abort":
      return aborted(state, event);
    case "round":
      return round(state, event);
    case "forgotten":
      return stay(forgotten(state, event));
    default:
      return unreachable(event);
  }
}

function presence(
  state: Rollout,
  { node, isThere, at }: Extract<RolloutEvent, { kind: "presence" }>,
): Rollout {
  const progress = state.nodes[node];
  if (progress === undefined || state.there.includes(node) === isThere) return state;
  const there = isThere ? [...state.there, node] : state.there.filter((each) => each !== node);
  const isUnderWay = progress.state === "under-way" || progress.state === "held";
  return isUnderWay ? set({ ...state, there }, node, { ...progress, since: at }) : { ...state, there };
}

function forgotten(state: Rollout, { node, at }: Extract<RolloutEvent, { kind: "forgotten" }>): Rollout {
  if (state.nodes[node] === undefined) return state;
  const { [node]: _progress, ...nodes } = state.nodes;
  const { [node]: _digest, ...digests } = state.plan.digests;
  const but = (names: readonly string[]): readonly string[] => names.filter((each) => each !== node);
  const plan = { ...state.plan, digests, waves: state.plan.waves.map(but) };
  const next = { ...state, plan, nodes, there: but(state.there), accepted: but(state.accepted) };
  return noted(next, at, `${node} is forgotten`);
}

type Report = Extract<RolloutEvent, { kind: "reported" }>;

/** Only who was told counts, and only what it says of this revision. */
function reported(state: Rollout, report: Report): Rollout {
  const { node, at } = report;
  const before = state.nodes[node];
  if (before === undefined || report.revision !== state.plan.revision) return state;
  if (before.state === "waiting" || before.state === "scheduled") {
    // It has it already, from an earlier rollout of this revision or an earlier life of this hub.
    if (report.phase !== "applied") return state;
  }
  const told = progressOf(report, state.plan.digests[node]);
  const isSame = told.state === before.state && told.phase === before.phase && told.code === before.code;
  if (isSame) return state;
  const accepted = told.state === "done" ? state.accepted.filter((each) => each !== node) : state.accepted;
  return set({ ...state, accepted }, node, { ...told, since: at });
}

function progressOf(
  { phase, digest, code, reason }: Report,
  expected: string | undefined,
): Omit<NodeProgress, "since"> {
  switch (phase) {
    case "applied":
      return digest === expected
        ? { state: "done", phase }
        : { state: "failed", phase, code: "OTHER_DIGEST", reason: "it runs something else than it should" };
    case "rejected":
    case "going-back":
    case "rolled-back":
      return { state: "failed", phase, code: code ?? "UNKNOWN", ...(reason === undefined ? {} : { reason }) };
    case "held":
      return { state: "held", phase };
    default:
      return { state: "under-way", phase };
  }
}

function paused(
  state: Rollout,
  { by, reason, at }: Extract<RolloutEvent, { kind: "pause" | "resume" }>,
): RolloutStep {
  if (state.kind !== "running" && state.kind !== "trailing") return stay(state);
  const next = noted({ ...state, kind: "paused", why: `${by}: ${reason}` }, at, `${by} paused it: ${reason}`);
  const told = tellAgain(next);
  const words = `${by} paused it`;
  return state.round === "begun" ? stay(next, { kind: "abort-round", why: words }, ...told.effects) : told;
}

/** Whoever resumes has seen what failed. */
function resumed(
  state: Rollout,
  { by, reason, at }: Extract<RolloutEvent, { kind: "pause" | "resume" }>,
): RolloutStep {
  if (state.kind !== "paused") return stay(state);
  const { why: _why, ...rest } = state;
  const accepted = Object.keys(state.nodes).filter((node) => state.nodes[node]?.state === "failed");
  return tellAgain(noted({ ...rest, kind: "running", accepted }, at, `${by} resumed it: ${reason}`));
}

/** Who has not begun to change over does not; the others keep it, or get back what they had. */
function aborted(
  state: Rollout,
  { by, reason, takeBack, at }: Extract<RolloutEvent, { kind: "abort" }>,
): RolloutStep {
  if (state.kind === "aborted" || (state.kind === "complete" && !takeBack)) return stay(state);
  const nodes = Object.keys(state.nodes).filter((node) => {
    const { state: progress } = state.nodes[node] ?? { state: "waiting" };
    return (
      progress === "under-way" ||
      progress === "held" ||
      (takeBack && progress !== "waiting" && progress !== "scheduled")
    );
  });
  const next = noted(
    { ...state, kind: "aborted", why: `${by}: ${reason}` },
    at,
    `${by} aborted it: ${reason}`,
  );
  return stay(
    next,
    ...(state.round === "begun" ? [{ kind: "abort-round", why: `${by} aborted it` } as const] : []),
    ...nodes.map((node): RolloutEffect => ({ kind: "take-back", node })),
  );
}

function round(state: Rollout, { outcome, why, at }: Extract<RolloutEvent, { kind: "round" }>): RolloutStep {
  if (state.round !== "begun") return stay(state);
  if (outcome === "commit")
    return stay(noted({ ...state, round: "committed" }, at, "the group changes over"));
  const next = noted({ ...state, round: "none" }, at, `the group did not change over: ${why}`);
  return stay(
    state.kind === "running"
      ? { ...next, kind: "paused", why: `the group did not change over: ${why}` }
      : next,
  );
}

const set = (state: Rollout, node: string, progress: NodeProgress): Rollout => ({
  ...state,
  nodes: { ...state.nodes, [node]: progress },
});

function noted(state: Rollout, at: Instant, words: string): Rollout {
  return { ...state, log: [...state.log, { at, words }].slice(-rolloutLogMax) };
}
