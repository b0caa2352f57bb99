/** How somebody wants a revision to come to the nodes, and what the hub does when they do not say. */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import type { RolloutOptions } from "@interactor/shared/wire/api-config";
import { type RolloutPlan, type Threshold, type WaveSize, wavesOf } from "./rollout-state.ts";

/** So many nodes get it at once: who changes less than this sees all of them at a glance. */
const oneWaveMax = 10;
/** Of more: one, so that a mistake shows itself on one, then a tenth, then half. */
const wavesDefault: readonly WaveSize[] = [
  { kind: "count", count: 1 },
  { kind: "share", share: 0.1 },
  { kind: "share", share: 0.5 },
];
/** Of a large fleet some node always fails for reasons of its own; of ten no node does. */
const thresholdDefault: Threshold = { kind: "share", share: 0.02 };
/** What is wrong with a module mostly shows itself within this. */
export const probationDefault: Millis = seconds(10);
/** A wave has been well for its probation: so much more, for what only shows itself when all of it runs. */
const settleDefault: Millis = seconds(5);

export interface RolloutRequest {
  readonly revision: number;
  /** By node: what it is to come to. */
  readonly changed: ReadonlyMap<string, string>;
  readonly options: RolloutOptions;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly isThere: (node: string) => boolean;
  /** The revision before says the same of it: it is only that it did not come to it. */
  readonly isBehind: (node: string) => boolean;
}

export interface RolloutOrder {
  readonly plan: RolloutPlan;
  readonly probation: Millis;
}

/** Fails with words for people. */
export function rolloutOrder(request: RolloutRequest): Result<RolloutOrder, string> {
  const { revision, changed, options, groups, isThere, isBehind } = request;
  const { threshold, probation_ms, settle_ms, group } = options;
  // Who is there comes first: nodes that are away prove nothing of a wave.
  const all = [...changed.keys()].toSorted(
    (left, right) => Number(isThere(right)) - Number(isThere(left)) || (left < right ? -1 : 1),
  );
  // A group does not wait for who is away and is no part of it; that one has its turn in the next rollout.
  const members = group === undefined ? undefined : membersOf(groups, group);
  const isLeftOut = (node: string): boolean => !members?.includes(node) && !isThere(node) && isBehind(node);
  const nodes = members === undefined ? all : all.filter((node) => !isLeftOut(node));
  const waves = group === undefined ? wavesFor(nodes, options, groups) : groupWave(nodes, group, groups);
  if (!waves.ok) return waves;
  const settle =
    settle_ms === undefined ? (waves.value.length > 1 ? settleDefault : millis(0)) : millis(settle_ms);
  const plan: RolloutPlan = {
    revision,
    digests: Object.fromEntries([...changed].filter(([node]) => nodes.includes(node))),
    waves: waves.value,
    threshold: threshold === undefined ? thresholdDefault : thresholdOf(threshold),
    settle,
    ...(group === undefined ? {} : { group }),
  };
  return ok({ plan, probation: probation_ms === undefined ? probationDefault : millis(probation_ms) });
}

type Waves = RolloutPlan["waves"];
type Groups = RolloutRequest["groups"];

function wavesFor(
  nodes: readonly string[],
  { waves }: RolloutOptions,
  groups: Groups,
): Result<Waves, string> {
  if (waves === undefined) return ok(wavesOf(nodes, nodes.length > oneWaveMax ? wavesDefault : []));
  const sizes: WaveSize[] = [];
  for (const wave of waves) {
    if ("count" in wave) sizes.push({ kind: "count", count: wave.count });
    else if ("share" in wave) sizes.push({ kind: "share", share: wave.share });
    else {
      const members = membersOf(groups, wave.group);
      if (members === undefined) return failed(unknownGroup(groups, wave.group));
      sizes.push({ kind: "group", name: wave.group, nodes: members });
    }
  }
  return ok(wavesOf(nodes, sizes));
}

/** A node outside of the group would have to come before it or after it: then there are two revisions, and two rollouts. */
function groupWave(nodes: readonly string[], group: string, groups: Groups): Result<Waves, string> {
  const members = membersOf(groups, group);
  if (members === undefined) return failed(unknownGroup(groups, group));
  const others = nodes.filter((node) => !members.includes(node));
  if (others.length > 0) {
    const shown = others.slice(0, 5).join(", ");
    return failed(
      `this changes nodes that are not in group "${group}" too: ${shown}${others.length > 5 ? " and more" : ""}; apply what concerns them by itself`,
    );
  }
  return ok(nodes.length === 0 ? [] : [nodes]);
}

const membersOf = (groups: Groups, name: string): readonly string[] | undefined =>
  Object.hasOwn(groups, name) ? groups[name] : undefined;

function unknownGroup(groups: Groups, name: string): string {
  const names = Object.keys(groups);
  return `there is no group "${name}"; ${names.length === 0 ? "the site has none" : `there are ${names.join(", ")}`}`;
}

const thresholdOf = (given: NonNullable<RolloutOptions["threshold"]>): Threshold =>
  "count" in given ? { kind: "count", count: given.count } : { kind: "share", share: given.share };
