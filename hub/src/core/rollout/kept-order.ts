/**
 * How a revision is to come to its nodes, written down before the revision is: a hub that is killed between the two writes
 * has a revision or has none, and one that it has finds its way. Nobody is told of a revision before its rollout is on disk,
 * so to begin it once more is to begin it.
 */
import type { RevisionHead } from "../revision/revision-head.ts";
import type { RolloutOrder } from "./rollout-request.ts";
import type { Override } from "./rollout-state.ts";
import type { Standing } from "./standing.ts";

export interface KeptOrder extends RolloutOrder {
  /** Of the revision that it was written for: another one may have got its number, when that was not kept. */
  readonly content: string;
  readonly by: string;
  readonly override?: Override;
  /** By node: the digest of those that have it already. */
  readonly same: Readonly<Record<string, string>>;
}

/** Whether the life before ended with this revision on disk, and nothing of its way to the nodes. */
export function isUnbegun(
  order: KeptOrder,
  newest: Pick<RevisionHead, "number" | "digest"> | undefined,
  standing: Pick<Standing, "rollout"> | undefined,
): boolean {
  const { revision } = order.plan;
  return (
    revision === newest?.number && order.content === newest.digest && (standing?.rollout ?? 0) < revision
  );
}
