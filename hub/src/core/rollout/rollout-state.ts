/**
 * A revision on its way to many nodes: in waves, so that what is wrong with it shows itself on few. All of it is plain
 * data: the hub keeps it over a restart, and shows it as it is.
 */
import { type Instant, type Millis, millis, seconds } from "@interactor/shared/kernel/units";

/** A node that was told and is there says what it does within this. Else: failed, NO_ANSWER. */
export const answerMax = seconds(60);
/** A node that was told and is gone comes back within this: it may restart. Else: failed, LOST. */
export const awayMax: Millis = millis(3 * 60_000);
/** A node is in one phase for so long at most, but for being held, fetching, or gone. Else: failed, STUCK. */
export const stuckMax: Millis = millis(10 * 60_000);
/** What happened to a rollout, in words. More: the oldest is evicted. */
export const rolloutLogMax = 200;

/** How many nodes have it after a wave, of all; or whose group gets it next. What is left over is the last wave. */
export type WaveSize =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly share: number }
  | { readonly kind: "group"; readonly name: string; readonly nodes: readonly string[] };

/** Past this many failed it pauses. A share is of those that it was begun on. */
export type Threshold =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly share: number };

export interface RolloutPlan {
  readonly revision: number;
  /** By node: the digest of what it shall run. Whether it does is seen by the digest that it reports. */
  readonly digests: Readonly<Record<string, string>>;
  readonly waves: readonly (readonly string[])[];
  readonly threshold: Threshold;
  /** A wave has to stay well for so long before the next one begins. */
  readonly settle: Millis;
  /** All of them at one tick of the site's clock, or none: there is one wave then. */
  readonly group?: string;
}

export type NodeState =
  /** Its wave has not begun. */
  | "waiting"
  /** Its turn has come, and it is not there. */
  | "scheduled"
  | "under-way"
  | "held"
  | "done"
  | "failed";

export interface NodeProgress {
  readonly state: NodeState;
  /** What the node says that it does. */
  readonly phase?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly since: Instant;
}

export type RolloutKind =
  | "running"
  | "paused"
  /** Every wave has passed; who was not there still gets it. */
  | "trailing"
  | "complete"
  | "aborted";

/** The hub's own part of the revision: routes between nodes, groups, modes. */
export interface HubProgress {
  readonly state: "waiting" | "held" | "done";
  /** Why it is held, by a mode. */
  readonly why?: string;
}

export interface Override {
  readonly by: string;
  readonly reason: string;
}

export interface Rollout {
  readonly plan: RolloutPlan;
  readonly kind: RolloutKind;
  /** Why it is paused or aborted. */
  readonly why?: string;
  /** Which wave is on, from 0. */
  readonly wave: number;
  /** Since when it has passed, but for the time it has to stay well. */
  readonly passedAt?: Instant;
  readonly nodes: Readonly<Record<string, NodeProgress>>;
  /** Missing: nobody waits for it, as in what an older hub kept. */
  readonly hub?: HubProgress;
  readonly there: readonly string[];
  /** By node: why its mode does not allow an update now. */
  readonly closed: Readonly<Record<string, string>>;
  /** Somebody had a reason to apply it whatever the mode. */
  readonly override?: Override;
  /** Whose failure somebody has seen and gone on with. Who comes to it after all, and fails again, is looked at again. */
  readonly accepted: readonly string[];
  /** The group's change-over: not begun, on its way, or over. */
  readonly round: "none" | "begun" | "committed";
  readonly log: readonly { readonly at: Instant; readonly words: string }[];
}

export type RolloutEvent =
  | { readonly kind: "begin"; readonly at: Instant }
  | { readonly kind: "presence"; readonly node: string; readonly isThere: boolean; readonly at: Instant }
  | {
      readonly kind: "reported";
      readonly node: string;
      /** What it is on its way to. */
      readonly revision: number;
      /** What it runs. */
      readonly digest: string;
      readonly phase: string;
      readonly code?: string;
      readonly reason?: string;
      readonly at: Instant;
    }
  /** By node: why it must not be updated now; those that are not named may be. */
  | { readonly kind: "modes"; readonly closed: Readonly<Record<string, string>>; readonly at: Instant }
  | { readonly kind: "override"; readonly by: string; readonly reason: string; readonly at: Instant }
  | { readonly kind: "pause" | "resume"; readonly by: string; readonly reason: string; readonly at: Instant }
  /** `takeBack`: who has it gets what it had before. */
  | {
      readonly kind: "abort";
      readonly by: string;
      readonly reason: string;
      readonly takeBack: boolean;
      readonly at: Instant;
    }
  | {
      readonly kind: "round";
      readonly outcome: "commit" | "abort";
      readonly why: string;
      readonly at: Instant;
    }
  | { readonly kind: "hub"; readonly hub: HubProgress; readonly at: Instant }
  /** It is no part of the site any more, and nobody waits for it to come back. */
  | { readonly kind: "forgotten"; readonly node: string; readonly at: Instant }
  | { readonly kind: "tick"; readonly at: Instant };

/** What people may do to one. */
export type RolloutAction = "pause" | "resume" | "abort" | "override";

export type RolloutEffect =
  /** `held`: why it must wait with what it has fetched. */
  | { readonly kind: "tell"; readonly node: string; readonly held?: string }
  /** What it had before this rollout. */
  | { readonly kind: "take-back"; readonly node: string }
  | { readonly kind: "begin-round"; readonly members: readonly string[] }
  | { readonly kind: "abort-round"; readonly why: string }
  /** Every node it was meant for runs it and was well: the revision is confirmed. */
  | { readonly kind: "confirmed" };

export interface RolloutStep {
  readonly state: Rollout;
  readonly effects: readonly RolloutEffect[];
}

/** Nodes by wave. Each is in one; those that no size names come last, so that no node is ever left out. */
export function wavesOf(
  nodes: readonly string[],
  sizes: readonly WaveSize[],
): readonly (readonly string[])[] {
  const waves: (readonly string[])[] = [];
  let left = nodes;
  for (const size of sizes) {
    const wave = waveOf(size, left, nodes.length);
    left = left.filter((node) => !wave.includes(node));
    if (wave.length > 0) waves.push(wave);
  }
  return left.length > 0 ? [...waves, left] : waves;
}

function waveOf(size: WaveSize, left: readonly string[], all: number): readonly string[] {
  if (size.kind === "group") return left.filter((node) => size.nodes.includes(node));
  const wanted = size.kind === "count" ? size.count : Math.ceil(all * size.share);
  return left.slice(0, Math.max(wanted - (all - left.length), 0));
}
