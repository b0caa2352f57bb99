/** What changes from one compiled site to another: thing by thing, exactly that and nothing else. */
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Operator } from "../wire/messages/operator.ts";
import { lanes } from "../wire/lanes.ts";
import type { PlacedFailsafe } from "./check-inputs.ts";
import { canonical } from "../wire/canonical.ts";
import type { CompiledSite, InstancePlan } from "./compiled-site.ts";

export const changedThings = [
  "site",
  "mode",
  "secret",
  "zone",
  "exhibit",
  "node",
  "instance",
  "group",
  "route",
  "scene",
] as const;
export type ChangedThing = (typeof changedThings)[number];

export interface ChangeDetail {
  /** Inside of the thing: `settings.universe`. */
  readonly path: string;
  /** Left out: it was not there. */
  readonly before?: unknown;
  /** Left out: it is gone. */
  readonly after?: unknown;
}

export interface SiteChange {
  readonly kind: "added" | "removed" | "changed";
  readonly what: ChangedThing;
  /** Of an instance `node/instance`. */
  readonly name: string;
  /** Nodes that do something else than before. */
  readonly nodes: readonly string[];
  /** Of an instance that runs already: it has to start anew. */
  readonly isRestart: boolean;
  /** What is different inside; empty for what is added or removed. */
  readonly details: readonly ChangeDetail[];
}

interface Thing {
  readonly what: ChangedThing;
  readonly name: string;
  readonly node: string | undefined;
  readonly content: unknown;
}

export function siteChanges(before: CompiledSite, after: CompiledSite): readonly SiteChange[] {
  const old = thingsOf(before);
  const fresh = thingsOf(after);
  const changes: SiteChange[] = [];
  for (const key of new Set([...old.keys(), ...fresh.keys()])) {
    const was = old.get(key);
    const is = fresh.get(key);
    const thing = is ?? was;
    if (thing === undefined) continue;
    const details = was === undefined || is === undefined ? [] : differences(was.content, is.content, "");
    if (was !== undefined && is !== undefined && details.length === 0) continue;
    const nodes = [was?.node, is?.node].filter((node) => node !== undefined);
    changes.push({
      kind: was === undefined ? "added" : is === undefined ? "removed" : "changed",
      what: thing.what,
      name: thing.name,
      nodes: [...new Set(nodes)],
      isRestart:
        thing.what === "instance" &&
        details.some(({ path }) => needsRestart(path)) &&
        !(overlaps(was?.content) && overlaps(is?.content)),
      details,
    });
  }
  const rank = (change: SiteChange): number => changedThings.indexOf(change.what);
  return changes.toSorted((left, right) => rank(left) - rank(right) || (left.name < right.name ? -1 : 1));
}

/** Its module says so in what its publisher signed: one version takes over from the other. */
const overlaps = (content: unknown): boolean => {
  const bundle = isMap(content) ? own(content, "bundle") : undefined;
  return isMap(bundle) && own(bundle, "overlaps") === true;
};

/** What an instance does when it is let alone, the node sees to. */
const needsRestart = (path: string): boolean => /^(module|version|settings|grant)\b/.test(path);

/** Everything of a site that has a name. */
function thingsOf({ site, nodes, hub }: CompiledSite): ReadonlyMap<string, Thing> {
  const things = new Map<string, Thing>();
  const add = (what: ChangedThing, name: string, content: unknown, node?: string): void =>
    void things.set(`${what} ${name}`, { what, name, node, content });
  const addAll = (what: ChangedThing, all: Readonly<Record<string, unknown>>): void => {
    for (const [name, content] of Object.entries(all)) add(what, name, content);
  };
  add("site", "site", { name: site, mode: hub.mode });
  addAll("mode", hub.modes);
  addAll("secret", hub.secrets);
  addAll("zone", hub.zones);
  addAll("exhibit", hub.exhibits);
  addAll("group", hub.groups);
  addAll("scene", hub.scenes);
  for (const route of Object.values(hub.routes)) add("route", route.name, inWords(route, "the hub"));
  for (const [node, { instances, routes, scenes: _scenes, ...rest }] of Object.entries(nodes)) {
    add("node", node, rest, node);
    for (const [name, instance] of Object.entries(instances))
      add("instance", `${node}/${name}`, instanceInWords(instance), node);
    for (const route of Object.values(routes)) add("route", route.name, inWords(route, node), node);
  }
  return things;
}

function inWords(route: CompiledRoute, place: string) {
  const { name: _name, lane, ttl, throttle, budget, through, ...rest } = route;
  const paced = {
    ...(through === undefined ? {} : { through: `[${through.map(operatorText).join(", ")}]` }),
    ...(throttle === undefined ? {} : { throttle: spanText(throttle) }),
    ...(budget === undefined ? {} : { budget: spanText(budget) }),
  };
  return { "runs on": place, ...rest, lane: lanes[lane], ttl: spanText(ttl), ...paced };
}

function operatorText(operator: Operator): string {
  switch (operator.kind) {
    case "window":
      return `window: { over: ${spanText(operator.span)}, give: ${operator.give} }`;
    case "hysteresis":
      return `hysteresis: { on: ${operator.on}, off: ${operator.off} }`;
    case "deadband":
      return `deadband: ${operator.by}`;
    case "when":
    case "map":
      return `${operator.kind}: ${operator.expression}`;
    default:
      return `${operator.kind}: ${spanText(operator.span)}`;
  }
}

function instanceInWords({ failsafes, leases, stops, backgrounds = {}, ...rest }: InstancePlan) {
  const eachOf = <Value>(map: Readonly<Record<string, Value>>, words: (value: Value) => string) =>
    Object.fromEntries(Object.entries(map).map(([name, value]) => [name, words(value)]));
  const failsafe = eachOf(failsafes, failsafeText);
  return {
    ...rest,
    failsafe,
    stop: stops,
    background: backgrounds,
    ...(leases === undefined ? {} : { leases: eachOf(leases, spanText) }),
  };
}

function failsafeText({ hold, fade, to }: PlacedFailsafe): string {
  if (hold === null) return "hold";
  const held = hold > 0 ? [`hold ${spanText(hold)}`] : [];
  const faded = fade > 0 ? [`fade ${spanText(fade)}`] : [];
  return [...held, ...faded, to === undefined ? "release" : JSON.stringify(to)].join(" -> ");
}

/** `250ms`, `5s`, `2m`: as a site file has it. */
function spanText(span: number): string {
  if (span >= 60_000 && span % 60_000 === 0) return `${span / 60_000}m`;
  return span >= 1000 && span % 100 === 0 ? `${span / 1000}s` : `${span}ms`;
}

/** Every leaf that differs. Lists of plain values are one leaf: what matters is the list. */
function differences(before: unknown, after: unknown, path: string): readonly ChangeDetail[] {
  if (JSON.stringify(canonical(before)) === JSON.stringify(canonical(after))) return [];
  if (before === undefined) return [{ path, after }];
  if (after === undefined) return [{ path, before }];
  if (!isMap(before) || !isMap(after) || "$secret" in before || "$secret" in after)
    return [{ path, before, after }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].toSorted().flatMap((key) => {
    const inside = path === "" ? key : `${path}.${key}`;
    return differences(own(before, key), own(after, key), inside);
  });
}

type AnyMap = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is AnyMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (map: AnyMap, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);

const signs = { added: "+", removed: "-", changed: "~" } as const;

/** A change as the API tells it, too. */
interface ToldChange extends Omit<SiteChange, "what" | "nodes"> {
  readonly what: string;
}

/** For a terminal; no lines when nothing changes. */
export function changeLines(changes: readonly ToldChange[]): readonly string[] {
  return changes.flatMap(({ kind, what, name, isRestart, details }) => [
    `${signs[kind]} ${what === "site" ? what : `${what} ${name}`}${isRestart ? ", which starts anew" : ""}`,
    ...details.map((detail) => `    ${detailText(detail)}`),
  ]);
}

function detailText({ path, before, after }: ChangeDetail): string {
  if (before === undefined) return `${path}: ${valueText(after)} (new)`;
  return `${path}: ${valueText(before)} ${after === undefined ? "(gone)" : `=> ${valueText(after)}`}`;
}

const valueLengthMax = 160;

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(secretsNamed(value));
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}

/** A secret as it is written. */
function secretsNamed(value: unknown): unknown {
  if (!isMap(value)) return value;
  const parts = own(value, "$secret");
  if (!Array.isArray(parts))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, secretsNamed(each)]));
  return parts.map((part, index) => (index % 2 === 0 ? String(part) : `\${secret:${String(part)}}`)).join("");
}
