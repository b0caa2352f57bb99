/**
 * What changes on a node from one plan to another, and nothing else: an instance that is the same in both is not
 * touched. The node acts on it, and the hub shows it before anybody applies anything.
 */
import { encodeCbor } from "../wire/cbor.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { canonical } from "../wire/canonical.ts";
import type { Plan, PlannedInstance } from "../wire/messages/plan.ts";

export type InstanceChange = "start" | "stop" | "restart" | "take-over" | "re-configure" | "untouched";

type Planned = Plan["instances"];

export interface PlanChanges {
  /** Every instance of either plan, in alphabetical order. */
  readonly instances: Readonly<Record<string, InstanceChange>>;
  /** By name. A route that is the same goes on with what it has gathered. */
  readonly routes: RouteChanges;
  /** Inputs whose failsafe or stop value is another one, or that have none any more. */
  readonly inputs: readonly string[];
  /** Scenes that set something else here than before. */
  readonly scenes: readonly string[];
}

export interface RouteChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export const emptyPlan: Plan = { v: 1, instances: {}, routes: [], inputs: {}, scenes: {}, files: [] };

export function changesBetween(before: Plan, after: Plan): PlanChanges {
  return {
    instances: instanceChanges(before.instances, after.instances),
    routes: routeChanges(byName(before.routes), byName(after.routes)),
    inputs: differing(before.inputs, after.inputs),
    scenes: differing(before.scenes, after.scenes),
  };
}

/** Instances that are away for a moment, or for good. */
export function interrupted({ instances }: PlanChanges): readonly string[] {
  return Object.keys(instances).filter((name) => instances[name] === "restart" || instances[name] === "stop");
}

export function isNothing({ instances, routes, inputs, scenes }: PlanChanges): boolean {
  const { added, removed, changed } = routes;
  const moved = added.length + removed.length + changed.length + inputs.length + scenes.length;
  return moved === 0 && Object.values(instances).every((change) => change === "untouched");
}

/**
 * What takes over is brought up, and tested, before anything else is touched: what it requires must run by then as it will
 * afterwards. Where that only comes, it has to begin after it, and so does what requires it.
 */
function instanceChanges(before: Planned, after: Planned): PlanChanges["instances"] {
  const changes = new Map(
    namesOf(before, after).map((name) => [name, changeOf(own(before, name), own(after, name))]),
  );
  const comes = (name: string): boolean => {
    const [old, next] = [own(before, name), own(after, name)];
    const change = changes.get(name);
    if (change === "take-over") return old === undefined || next === undefined || !isSameCode(old, next);
    return change === "start" || change === "restart";
  };
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const [name, change] of changes) {
      const required = own(after, name)?.after ?? [];
      if (change !== "take-over" || !required.some((each) => each !== name && comes(each))) continue;
      changes.set(name, "restart");
      hasChanged = true;
    }
  }
  return Object.fromEntries(changes);
}

function changeOf(before: PlannedInstance | undefined, after: PlannedInstance | undefined): InstanceChange {
  if (before === undefined) return "start";
  if (after === undefined) return "stop";
  if (isSame(before, after)) return "untouched";
  // One that is there at a time is stopped before the next one starts; others are, one beside the other, for a moment.
  const anew = before.overlaps === true && after.overlaps === true ? "take-over" : "restart";
  // What a sandbox may is set before it begins.
  const maySame = isSame(before.grants, after.grants) && isSame(before.limits, after.limits);
  if (!isSameCode(before, after) || !maySame) return anew;
  // Leases are the agent's business: the module knows nothing of them.
  return isSame(before.settings, after.settings) || after.takesSettings ? "re-configure" : anew;
}

const isSameCode = (left: PlannedInstance, right: PlannedInstance): boolean =>
  left.module === right.module && left.version === right.version && left.digest === right.digest;

/** By name. */
export function routeChanges(
  before: ReadonlyMap<string, CompiledRoute>,
  after: ReadonlyMap<string, CompiledRoute>,
): RouteChanges {
  const kept = [...after.keys()].filter((name) => before.has(name));
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: kept.filter((name) => !isSame(before.get(name), after.get(name))),
  };
}

const differing = <Each>(
  before: Readonly<Record<string, Each>>,
  after: Readonly<Record<string, Each>>,
): readonly string[] => namesOf(before, after).filter((name) => !isSame(own(before, name), own(after, name)));

const byName = (routes: readonly CompiledRoute[]): ReadonlyMap<string, CompiledRoute> =>
  new Map(routes.map((route) => [route.name, route]));

/** Own properties only: `constructor` is a fine name for an instance. */
const own = <Each>(all: Readonly<Record<string, Each>>, name: string): Each | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;

const namesOf = (before: object, after: object): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();

/** By their bytes on the wire, in which the order of keys does not matter. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return left === right;
  const [a, b] = [encodeCbor(canonical(left)), encodeCbor(canonical(right))].map((bytes) =>
    Uint8Array.from(bytes),
  );
  return a !== undefined && b !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}
