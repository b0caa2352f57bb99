/** What a rollout does by itself: it tells nodes, waits for waves, judges failures, and ends. */
import { between, earliest, type Instant, instant, later } from "@interactor/shared/kernel/units";
import {
  answerMax,
  awayMax,
  type NodeProgress,
  type Rollout,
  type RolloutEffect,
  type RolloutKind,
  rolloutLogMax,
  type RolloutStep,
  stuckMax,
} from "./rollout-state.ts";

const stay = (state: Rollout, ...effects: readonly RolloutEffect[]): RolloutStep => ({ state, effects });
const isOn = ({ kind }: Rollout): boolean => kind === "running" || kind === "trailing";

export function advance(before: Rollout, at: Instant): RolloutStep {
  const late = withLate(before, at);
  if (!isOn(late)) return stay(late);
  const told = tell(late, at);
  const judged = judge(told.state, at);
  if (!isOn(judged)) return stay(judged, ...told.effects, ...groupEnd(judged), ...tellAgain(judged).effects);
  const begun = beginRound(judged);
  const next = pass(begun.state, at);
  const effects = [...told.effects, ...begun.effects, ...next.effects];
  const isAsBefore = next.state.wave === judged.wave && next.state.plan === judged.plan;
  if (isAsBefore || !isOn(next.state)) return stay(next.state, ...effects);
  const more = advance(next.state, at);
  return stay(more.state, ...effects, ...more.effects);
}

/** When it has something to do by itself. */
export function rolloutDueAt(state: Rollout): Instant | undefined {
  let due: Instant | undefined;
  const there = new Set(state.there);
  for (const [node, progress] of Object.entries(state.nodes)) {
    due = earliest(due, lateAt(state.kind, there.has(node), progress)?.at);
  }
  due = earliest(due, standInOf(state)?.at);
  return isOn(state) && state.passedAt !== undefined
    ? earliest(due, later(state.passedAt, state.plan.settle))
    : due;
}

/**
 * To those that were told and may not have begun: whether they may. Who has begun comes to its end; a group is held
 * until its tick in any case.
 */
export function tellAgain(state: Rollout): RolloutStep {
  const { kind, plan } = state;
  if (kind === "aborted" || kind === "complete" || plan.group !== undefined) return stay(state);
  const nodes = Object.keys(state.nodes).filter((node) => {
    const progress = state.nodes[node]?.state;
    return progress === "under-way" || progress === "held";
  });
  return stay(state, ...nodes.map((node) => telling(state, node)));
}

function telling(state: Rollout, node: string): RolloutEffect {
  const held = whyHeld(state, node);
  return held === undefined ? { kind: "tell", node } : { kind: "tell", node, held };
}

function whyHeld({ plan, kind, why = "", closed, override }: Rollout, node: string): string | undefined {
  if (plan.group !== undefined) return undefined;
  if (kind === "paused") return `the rollout is paused: ${why}`;
  return override === undefined ? own(closed, node) : undefined;
}

const own = (all: Readonly<Record<string, string>>, node: string): string | undefined =>
  Object.hasOwn(all, node) ? all[node] : undefined;

/** Whose turn it is, and who is there. */
function tell(state: Rollout, at: Instant): RolloutStep {
  const isDue = (node: string): boolean =>
    state.nodes[node]?.state === "waiting" || state.nodes[node]?.state === "scheduled";
  const due = state.plan.waves.slice(0, state.wave + 1).flatMap((wave) => wave.filter(isDue));
  if (due.length === 0) return stay(state);
  const nodes: Record<string, NodeProgress> = { ...state.nodes };
  const there = new Set(state.there);
  const effects: RolloutEffect[] = [];
  for (const node of due) {
    if (there.has(node)) {
      nodes[node] = { state: "under-way", since: at };
      effects.push(telling(state, node));
    } else if (nodes[node]?.state === "waiting") nodes[node] = { state: "scheduled", since: at };
  }
  return stay({ ...state, nodes }, ...effects);
}

/** Who has been silent, gone or stuck for too long has failed; if it comes to it all the same, it is done. */
function withLate(state: Rollout, at: Instant): Rollout {
  const there = new Set(state.there);
  const late: (readonly [string, NodeProgress])[] = [];
  for (const [node, progress] of Object.entries(state.nodes)) {
    const due = lateAt(state.kind, there.has(node), progress);
    if (due === undefined || at < due.at) continue;
    const { code, reason } = due;
    late.push([node, { ...progress, state: "failed", code, reason, since: at }]);
  }
  return late.length === 0 ? state : { ...state, nodes: { ...state.nodes, ...Object.fromEntries(late) } };
}

interface Late {
  readonly at: Instant;
  readonly code: string;
  readonly reason: string;
}

function lateAt(
  kind: RolloutKind,
  isThere: boolean,
  { state, phase, since }: NodeProgress,
): Late | undefined {
  if (kind === "aborted" || kind === "complete") return undefined;
  if (state !== "under-way" && state !== "held") return undefined;
  if (!isThere) {
    // What is held has touched nothing: that it is switched off at night says nothing about the revision.
    if (state === "held") return undefined;
    return { at: later(since, awayMax), code: "LOST", reason: "it was lost while it applied the revision" };
  }
  if (phase === undefined)
    return { at: later(since, answerMax), code: "NO_ANSWER", reason: "it was told and says nothing" };
  if (state === "held" || phase === "fetching") return undefined;
  return { at: later(since, stuckMax), code: "STUCK", reason: `it has been ${phase} for too long` };
}

/** Pauses past the threshold, or when a whole wave failed: somebody looks before more nodes get it. */
function judge(state: Rollout, at: Instant): Rollout {
  const all = Object.entries(state.nodes);
  const begun = all.filter(([, { state }]) => state !== "waiting" && state !== "scheduled").length;
  const failed = all.filter(([, { state }]) => state === "failed").map(([node]) => node);
  const accepted = new Set(state.accepted);
  const fresh = failed.filter((node) => !accepted.has(node)).length;
  const { threshold } = state.plan;
  const most = threshold.kind === "count" ? threshold.count : threshold.share * (begun - accepted.size);
  if (fresh === 0 || (fresh <= most && !isWaveLost(state))) return state;
  const shown = failed.slice(0, 5).map((node) => `${node} (${state.nodes[node]?.code ?? ""})`);
  const more = failed.length > shown.length ? ` and ${failed.length - shown.length} more` : "";
  const why = `${failed.length} of ${begun} failed: ${shown.join(", ")}${more}`;
  const log = [...state.log, { at, words: `paused: ${why}` }].slice(-rolloutLogMax);
  return { ...state, kind: "paused", why, log };
}

/** The next wave would be the first that the revision does well on, however many may fail. */
function isWaveLost(state: Rollout): boolean {
  const { plan, wave, nodes } = state;
  const names = plan.waves[wave] ?? [];
  const isLost = (node: string): boolean => nodes[node]?.state === "failed" || isAside(state, node);
  return wave + 1 < plan.waves.length && names.every(isLost) && !isProven(state);
}

/** A member that cannot come with the others: the round need not wait for its deadline. */
const groupEnd = ({ round, why = "" }: Rollout): readonly RolloutEffect[] =>
  round === "begun" ? [{ kind: "abort-round", why }] : [];

/** All members hold what they have prepared, and are there. */
function beginRound(state: Rollout): RolloutStep {
  const { plan, nodes, there, round, closed, override } = state;
  if (plan.group === undefined || round !== "none") return stay(state);
  const members = Object.keys(nodes);
  const isReady = members.every((node) => nodes[node]?.state === "held" && there.includes(node));
  const isOpen = override !== undefined || members.every((node) => own(closed, node) === undefined);
  if (!isReady || !isOpen) return stay(state);
  return stay({ ...state, round: "begun" }, { kind: "begin-round", members });
}

/** To the next wave when this one has been well for long enough, or to the end. */
function pass(state: Rollout, at: Instant): RolloutStep {
  const { plan, wave, passedAt } = state;
  const reached = plan.waves.slice(0, wave + 1).flat();
  const isLast = wave + 1 >= plan.waves.length;
  if (isLast && reached.every((node) => isEnded(state, node))) return end(state);
  if (state.kind === "trailing" || !isOver(state)) return stay(without(state));
  if (!isProven(state)) return stay(withStandIn(without(state), at));
  if (passedAt === undefined && plan.settle > 0) return stay({ ...state, passedAt: at });
  if (passedAt !== undefined && between(later(passedAt, plan.settle), at) < 0) return stay(state);
  return stay(isLast ? { ...without(state), kind: "trailing" } : { ...without(state), wave: wave + 1 });
}

const isEnded = ({ nodes }: Rollout, node: string): boolean =>
  nodes[node]?.state === "done" || nodes[node]?.state === "failed";

/** Of the waves that have begun nobody has anything left to do now. */
function isOver(state: Rollout): boolean {
  const reached = state.plan.waves.slice(0, state.wave + 1).flat();
  return reached.every((node) => isEnded(state, node) || isAside(state, node));
}

/** Nobody waits for it: it gets the revision, or goes on with it, when it comes back. */
function isAside({ nodes, there }: Rollout, node: string): boolean {
  const progress = nodes[node]?.state;
  return progress === "scheduled" || (progress === "held" && !there.includes(node));
}

/**
 * Nodes that are all switched off prove nothing: the next wave would be the first to try it. What somebody has looked at
 * and gone on with is as good as proven; that is what resuming says.
 */
function isProven({ plan, wave, nodes, accepted }: Rollout): boolean {
  const isAccepted = (node: string): boolean => nodes[node]?.state === "failed" && accepted.includes(node);
  return (plan.waves[wave] ?? []).some((node) => nodes[node]?.state === "done" || isAccepted(node));
}

/** One of a later wave tries it, or everybody would wait for who may never come back. */
function withStandIn(state: Rollout, at: Instant): Rollout {
  const { plan, wave, log } = state;
  const found = standInOf(state);
  if (found === undefined || at < found.at) return state;
  const { node } = found;
  const rest = plan.waves.slice(wave + 1).map((each) => each.filter((other) => other !== node));
  const begun = [...plan.waves.slice(0, wave), [...(plan.waves[wave] ?? []), node]];
  const waves = [...begun, ...rest.filter(({ length }) => length > 0)];
  const words = `nobody of wave ${wave + 1} is there: ${node} goes first`;
  return { ...state, plan: { ...plan, waves }, log: [...log, { at, words }].slice(-rolloutLogMax) };
}

/** All of the wave are away, and for longer than a restart takes: who is there of a later one, and when it may begin. */
function standInOf(state: Rollout): { readonly node: string; readonly at: Instant } | undefined {
  const { plan, wave, nodes, there } = state;
  const names = plan.waves[wave] ?? [];
  const isAway = names.every((node) => isAside(state, node));
  if (state.kind !== "running" || !isAway || !isOver(state)) return undefined;
  const present = new Set(there);
  const node = plan.waves
    .slice(wave + 1)
    .flat()
    .find((each) => present.has(each));
  if (node === undefined) return undefined;
  const since = names.map((each) => nodes[each]?.since ?? instant(0));
  const last = since.reduce((latest, each) => (each > latest ? each : latest), instant(0));
  return { node, at: later(last, awayMax) };
}

function end(state: Rollout): RolloutStep {
  // Its routes between nodes are as much of the revision as what nodes run.
  if (state.hub !== undefined && state.hub.state !== "done") return stay(without(state));
  const isAll = Object.values(state.nodes).every(({ state }) => state === "done");
  return stay({ ...without(state), kind: "complete" }, ...(isAll ? [{ kind: "confirmed" } as const] : []));
}

function without({ passedAt: _passedAt, ...state }: Rollout): Rollout {
  return state;
}
