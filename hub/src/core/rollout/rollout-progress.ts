/** A rollout as the command line and the API show it. */
import { between, type Instant } from "@interactor/shared/kernel/units";
import type { RolloutView } from "@interactor/shared/wire/api-config";
import type { Rollout } from "./rollout-state.ts";

export function rolloutView(rollout: Rollout, at: Instant): RolloutView {
  const { plan, kind, why, override, wave, nodes, log, hub } = rollout;
  const waveOf = new Map(plan.waves.flatMap((each, index) => each.map((node) => [node, index])));
  const ago = (then: Instant): number => Math.max(Math.round(between(then, at)), 0);
  return {
    revision: plan.revision,
    kind,
    ...(why === undefined ? {} : { why }),
    wave,
    waves: plan.waves.length,
    nodes: Object.entries(nodes).map(([node, { since, ...progress }]) => ({
      node,
      wave: waveOf.get(node) ?? 0,
      ...progress,
      since_ms: ago(since),
    })),
    ...(override === undefined ? {} : { override }),
    ...(plan.group === undefined ? {} : { group: plan.group }),
    ...(hub === undefined ? {} : { hub }),
    log: log.map(({ at: then, words }) => ({ ago_ms: ago(then), words })),
  };
}
