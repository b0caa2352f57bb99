import { type Quality, quality } from "@interactor/shared/wire/entry";
import { isNodeHere, type NodeState } from "../live/node-record.ts";

export type QualityWord = "good" | "stale" | "bad";

/** A value is no better than what we know of its node: the last one of a node that is away is stale. */
export function qualityWord(of: Quality, node: NodeState): QualityWord {
  if (of === quality.bad) return "bad";
  return of === quality.good && isNodeHere(node) ? "good" : "stale";
}
