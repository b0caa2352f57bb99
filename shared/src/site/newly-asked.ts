/** What modules of others are granted on a node that they were not before: whoever applies a site sees it first. */
import { grantKinds, grantWords } from "../wire/messages/grants.ts";
import { limitNames, limitWords, moduleLimitsDefault } from "../wire/messages/module-limits.ts";
import type { Plan, PlannedInstance } from "../wire/messages/plan.ts";

export interface NewlyAsked {
  readonly instance: string;
  /** In words. */
  readonly asks: readonly string[];
}

/** Only instances that are granted something new. */
export function newlyAsked(before: Plan, after: Plan): readonly NewlyAsked[] {
  return Object.entries(after.instances).flatMap(([instance, planned]) => {
    const known = Object.hasOwn(before.instances, instance) ? before.instances[instance] : undefined;
    // Another module under the same name has been granted nothing yet.
    const asks = asksOf(planned, known?.module === planned.module ? known : undefined);
    return asks.length === 0 ? [] : [{ instance, asks }];
  });
}

function asksOf(
  { grants = {}, limits = {} }: PlannedInstance,
  before: PlannedInstance | undefined,
): readonly string[] {
  const reach = grantKinds.flatMap((kind) => {
    const known = before?.grants?.[kind] ?? [];
    const fresh = (grants[kind] ?? []).filter((name) => !known.includes(name));
    return fresh.map((name) => `${grantWords[kind]} ${name}`);
  });
  const use = limitNames.flatMap((limit) => {
    const was = before?.limits?.[limit] ?? moduleLimitsDefault[limit];
    const is = limits[limit];
    return is === undefined || is <= was ? [] : [`${is} ${limitWords[limit]}`];
  });
  return [...reach, ...use];
}
