/**
 * The modes of a site: show, rehearsal, closed. A zone has the mode that was set for it, else the one it begins in, else
 * that of the zone around it, and outermost the site's. A mode gates when nodes may be updated.
 */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { Micros } from "@interactor/shared/kernel/units";
import type { HubPlan } from "@interactor/shared/site/compiled-site";
import { nearest } from "@interactor/shared/kernel/nearest";
import { wholeSite } from "@interactor/shared/wire/names";

export interface SetMode {
  readonly mode: string;
  readonly since: Micros;
  readonly by: string;
  readonly reason?: string;
}

/** By zone, what somebody has set. */
export type ModeState = Readonly<Record<string, SetMode>>;

type ModeFlags = HubPlan["modes"][string];
type ModePlan = Pick<HubPlan, "modes" | "mode" | "zones">;

export interface ModeInForce {
  readonly mode: string;
  readonly flags: ModeFlags | undefined;
  /** Where it is set. */
  readonly from: string;
  readonly set: SetMode | undefined;
}

/** Zones that have modes, the whole first. */
export const zonesWithModes = (plan: ModePlan): readonly string[] => [wholeSite, ...Object.keys(plan.zones)];

/** What may be set in a zone: its own modes, or those around it. */
export function modesOf(plan: ModePlan, zone: string): HubPlan["modes"] {
  for (const each of around(plan, zone)) {
    const modes = own(plan.zones, each)?.modes;
    if (modes !== undefined) return modes;
  }
  return plan.modes;
}

/** `undefined`: none is set here or around it. */
export function modeIn(plan: ModePlan, state: ModeState, zone: string): ModeInForce | undefined {
  for (const from of [...around(plan, zone), wholeSite]) {
    const set = own(state, from);
    const modes = modesOf(plan, from);
    // A mode that the site has no more is as good as not set.
    const isKnown = set !== undefined && Object.hasOwn(modes, set.mode);
    const mode = isKnown ? set.mode : from === wholeSite ? plan.mode : own(plan.zones, from)?.mode;
    if (mode !== undefined) return { mode, flags: own(modes, mode), from, set: isKnown ? set : undefined };
  }
  return undefined;
}

/** Why a node in these zones, the innermost first, must not be updated now. */
export function whyClosed(plan: ModePlan, state: ModeState, zones: readonly string[]): string | undefined {
  const inForce = modeIn(plan, state, zones[0] ?? wholeSite);
  if (inForce?.flags === undefined) return undefined;
  const { mode, flags, from } = inForce;
  if (flags.updates && !flags.audience) return undefined;
  const where = from === wholeSite ? "the site" : `zone ${from}`;
  return `${where} is in mode "${mode}", ${flags.audience ? "with an audience" : "which allows no updates"}`;
}

/** Why a mode cannot be set, with what would be right; or the state with it. */
export function withMode(
  plan: ModePlan,
  state: ModeState,
  zone: string,
  set: SetMode,
): Result<ModeState, { readonly error: string; readonly hint: string }> {
  const zones = zonesWithModes(plan);
  if (!zones.includes(zone)) {
    const hint = nearest(zone, zones) ?? `there are ${zones.join(", ")}`;
    return failed({ error: `there is no zone "${zone}"`, hint });
  }
  const modes = Object.keys(modesOf(plan, zone));
  if (!modes.includes(set.mode)) {
    const there =
      modes.length === 0 ? "the site file names none: add modes:" : `there are ${modes.join(", ")}`;
    return failed({ error: `there is no mode "${set.mode}" here`, hint: nearest(set.mode, modes) ?? there });
  }
  // Zones that the site has no more are let go.
  const kept = Object.entries(state).filter(([each]) => zones.includes(each));
  return ok({ ...Object.fromEntries(kept), [zone]: set });
}

/** A zone and those around it, the innermost first. Bounded, should they ever run in a circle. */
function around({ zones }: ModePlan, zone: string): readonly string[] {
  const found: string[] = [];
  for (let at: string | undefined = zone; at !== undefined && !found.includes(at); at = own(zones, at)?.in) {
    if (own(zones, at) !== undefined) found.push(at);
  }
  return found;
}

const own = <Each>(all: Readonly<Record<string, Each>>, name: string): Each | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;
