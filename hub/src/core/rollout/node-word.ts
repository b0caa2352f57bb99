/** What a node is told of a rollout, and what it says of it. */
import type { ApplyReport } from "@interactor/shared/wire/messages/reported";
import type { Rollout } from "./rollout-state.ts";
import type { Hold } from "./standing.ts";

export const holdOf = (held: string | undefined, group: string | undefined): Hold | undefined => {
  if (group !== undefined) return { kind: "group", group };
  return held === undefined ? undefined : { kind: "mode", why: held };
};

/** A member of a group that has changed over does so at its tick, whatever was heard of it. */
export const hasComeTo = (rollout: Rollout | undefined, node: string): boolean => {
  const state = rollout?.nodes[node]?.state;
  return state === "done" || (state !== undefined && rollout?.round === "committed");
};

export function reportOf({ revision, phase, code, reason }: ApplyReport) {
  return {
    revision,
    phase,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
  };
}
