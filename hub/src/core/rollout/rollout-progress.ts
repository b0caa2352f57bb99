/** A rollout as the command line and the API show it: plain data, with times as they were. */
import { between, type Instant } from "@interactor/shared/kernel/units";
import type { NodeState, Rollout, RolloutKind } from "./rollout-state.ts";

export interface RolloutProgress {
  readonly revision: number;
  readonly state: RolloutKind;
  readonly why?: string;
  readonly override?: { readonly by: string; readonly reason: string };
  /** Which wave is on, from 1. */
  readonly wave: number;
  readonly waves: readonly Readonly<Record<NodeState, number>>[];
  readonly totals: Readonly<Record<NodeState, number>>;
  /** What people ask for: who failed and why, who holds it up. Those that are done and those that wait are counted. */
  readonly nodes: readonly NodeLine[];
  readonly log: readonly { readonly seconds_ago: number; readonly words: string }[];
}

interface NodeLine {
  readonly node: string;
  readonly state: NodeState;
  readonly phase?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly for_seconds: number;
}

/** Nodes that are told one by one. More: the rest are counted. */
export const nodesShownMax = 100;

export function progressOf(rollout: Rollout, at: Instant): RolloutProgress {
  const { plan, kind, why, override, wave, nodes, log } = rollout;
  return {
    revision: plan.revision,
    state: kind,
    ...(why === undefined ? {} : { why }),
    ...(override === undefined ? {} : { override }),
    wave: wave + 1,
    waves: plan.waves.map((each) => countsOf(rollout, each)),
    totals: countsOf(rollout, Object.keys(nodes)),
    nodes: Object.entries(nodes)
      .filter(([, { state }]) => state !== "done" && state !== "waiting")
      .toSorted(([a, left], [b, right]) => rankOf(left.state) - rankOf(right.state) || (a < b ? -1 : 1))
      .slice(0, nodesShownMax)
      .map(([node, { since, ...progress }]) => ({
        node,
        ...progress,
        for_seconds: secondsBetween(since, at),
      })),
    log: log.map(({ at: then, words }) => ({ seconds_ago: secondsBetween(then, at), words })),
  };
}

/** What somebody has to do something about comes first. */
const rankOf = (state: NodeState): number =>
  (["failed", "under-way", "held", "scheduled", "waiting", "done"] as const).indexOf(state);

const secondsBetween = (then: Instant, at: Instant): number =>
  Math.max(Math.round(between(then, at) / 1000), 0);

function countsOf({ nodes }: Rollout, among: readonly string[]): Readonly<Record<NodeState, number>> {
  const counts = { waiting: 0, scheduled: 0, "under-way": 0, held: 0, done: 0, failed: 0 };
  for (const node of among) counts[nodes[node]?.state ?? "waiting"] += 1;
  return counts;
}
