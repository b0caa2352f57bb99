/** What a hub needs of a revision to serve it: its own part, and what each node is sent. Plain data, for any thread. */
import { failed, ok, type Result } from "../kernel/result.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { encodePlan } from "../wire/messages/plan.ts";
import type { InvalidResponse, PlanResponse } from "../wire/api-config.ts";
import { placeRoutes } from "../routing/place.ts";
import { nodeOfFilter } from "../wire/output-filter.ts";
import type { Catalogue } from "./catalogue.ts";
import { compileSite, type SiteFailure } from "./compile-site.ts";
import type { CompiledSite, HubPlan } from "./compiled-site.ts";
import { nodePlanBytesMax } from "./limits.ts";
import { newlyAsked } from "./newly-asked.ts";
import { bundlesOf, planOf } from "./node-plan.ts";
import { changesBetween, emptyPlan, isNothing } from "./plan-changes.ts";
import { decodeRevision, encodeRevision, type RevisionContent } from "./revision-content.ts";
import { siteChanges } from "./site-diff.ts";

export interface NodeInHand {
  /** The zones it is in, the innermost first. */
  readonly zones: readonly string[];
  /** Of the plan, SHA-256 in hex. */
  readonly digest: string;
  readonly plan: Uint8Array;
  /** Digests of what it installs for that. */
  readonly bundles: readonly string[];
  /** What its instances run. */
  readonly modules: readonly {
    readonly instance: string;
    readonly module: string;
    readonly version: string;
  }[];
}

export interface SiteInHand {
  readonly from: RevisionContent["from"];
  readonly hub: HubPlan;
  readonly nodes: ReadonlyMap<string, NodeInHand>;
  /** All, wherever they run. */
  readonly routes: readonly CompiledRoute[];
}

/** A site that was just compiled, ready to become a revision. */
export interface FreshSite extends SiteInHand {
  readonly content: Uint8Array;
  /** Of the content. */
  readonly digest: string;
}

export interface SiteTools {
  readonly catalogue: Catalogue;
  /** SHA-256 in hex. */
  readonly digestOf: (bytes: Uint8Array) => string;
}

interface WrittenSite {
  readonly root: string;
  readonly files: Readonly<Record<string, string>>;
  /** The hub's own. */
  readonly site: string;
}

export function compileFresh(
  { root, files, site }: WrittenSite,
  tools: SiteTools,
): Result<FreshSite, InvalidResponse> {
  const read = (path: string): Result<string, string> => {
    const text = Object.hasOwn(files, path) ? files[path] : undefined;
    return text === undefined ? failed(`there is no file ${path}`) : ok(text);
  };
  const compiled = compileSite({ root, read, site }, tools.catalogue);
  if (!compiled.ok) return failed(invalidOf(compiled.error));
  if (compiled.value.site !== site) {
    const message = `this file is of site "${compiled.value.site}", and the hub serves "${site}"`;
    const hint = `site: ${site}, or begin the hub with --site ${compiled.value.site}`;
    return refusedWhole(root, message, hint);
  }
  return fresh({ from: "site", site: compiled.value, root, files }, tools);
}

/** Routes alone, as of a routes.yaml. Nodes that they name have them and nothing else. */
export function routesAlone(
  routes: readonly CompiledRoute[],
  site: string,
  tools: SiteTools,
): Result<FreshSite, InvalidResponse> {
  const placed = placeRoutes(routes);
  const named = routes.flatMap(({ from, to, group }) => [
    nodeOfFilter(from) ?? [],
    group === undefined ? to.slice(0, to.indexOf("/")) : group.nodes,
  ]);
  const byName = (all: readonly CompiledRoute[]) => Object.fromEntries(all.map((each) => [each.name, each]));
  const nodes = [...new Set(named.flat(2))].map((node) => [
    node,
    { zones: [], instances: {}, routes: byName(placed.nodes.get(node) ?? []), scenes: {} },
  ]);
  const hub: HubPlan = {
    routes: byName(placed.hub),
    groups: {},
    zones: {},
    exhibits: {},
    scenes: {},
    modes: {},
    secrets: {},
  };
  const compiled: CompiledSite = { v: 1, site, nodes: Object.fromEntries(nodes), hub };
  return fresh({ from: "routes", site: compiled, root: "", files: {} }, tools);
}

/** A revision that was kept. */
export function openKept(content: Uint8Array, tools: SiteTools): Result<SiteInHand, string> {
  const decoded = decodeRevision(content);
  return decoded.ok ? ok(inHand(decoded.value, tools)) : failed(`it cannot be read: ${decoded.error}`);
}

/** The texts that a revision was made of. */
export function textsOf(content: Uint8Array): Result<Pick<WrittenSite, "root" | "files">, string> {
  const decoded = decodeRevision(content);
  return decoded.ok ? ok(decoded.value) : failed(`it cannot be read: ${decoded.error}`);
}

type NodeChanges = Omit<PlanResponse["nodes"][number], "held" | "there">;

export interface SiteComparison {
  readonly changes: PlanResponse["changes"];
  /** Nodes that have something to do. */
  readonly nodes: readonly NodeChanges[];
  readonly untouched: number;
}

/** From one revision's content to another's; `undefined`: from nothing. */
export function compareKept(
  before: Uint8Array | undefined,
  after: Uint8Array,
  { catalogue }: SiteTools,
): Result<SiteComparison, string> {
  const [left, right] = [before === undefined ? undefined : decodeRevision(before), decodeRevision(after)];
  if (!right.ok || left?.ok === false) return failed("a revision cannot be read");
  const is = right.value.site;
  const was: CompiledSite = left?.value.site ?? { ...is, nodes: {}, hub: nothingOn(is.hub) };
  const names = [...new Set([...Object.keys(was.nodes), ...Object.keys(is.nodes)])].toSorted();
  const nodes = names.flatMap((node) => {
    const plans = [planIn(was, node, catalogue), planIn(is, node, catalogue)] as const;
    const changed = nodeChanges(...plans);
    const asked = newlyAsked(...plans).map(({ instance, asks }) => ({ instance, asks: [...asks] }));
    return changed === undefined ? [] : [{ node, ...changed, ...(asked.length === 0 ? {} : { asked }) }];
  });
  const changes = siteChanges(was, is).map((change) => ({
    ...change,
    nodes: [...change.nodes],
    details: [...change.details],
  }));
  return ok({ changes, nodes, untouched: names.length - nodes.length });
}

const nothingOn = ({ modes, mode }: HubPlan): HubPlan => ({
  routes: {},
  groups: {},
  zones: {},
  exhibits: {},
  scenes: {},
  modes,
  ...(mode === undefined ? {} : { mode }),
  secrets: {},
});

function planIn({ nodes, hub }: CompiledSite, node: string, catalogue: Catalogue) {
  const plan = Object.hasOwn(nodes, node) ? nodes[node] : undefined;
  return plan === undefined ? emptyPlan : planOf(plan, hub.secrets, catalogue);
}

function nodeChanges(...plans: Parameters<typeof changesBetween>): Omit<NodeChanges, "node"> | undefined {
  const changes = changesBetween(...plans);
  if (isNothing(changes)) return undefined;
  const which = (wanted: string): string[] =>
    Object.keys(changes.instances).filter((name) => changes.instances[name] === wanted);
  const { added, removed, changed } = changes.routes;
  return {
    start: which("start"),
    stop: which("stop"),
    restart: which("restart"),
    reconfigure: which("re-configure"),
    routes: { added: [...added], removed: [...removed], changed: [...changed] },
    inputs: [...changes.inputs],
  };
}

function fresh(revision: RevisionContent, tools: SiteTools): Result<FreshSite, InvalidResponse> {
  const content = alone(encodeRevision(revision));
  const read = decodeRevision(content);
  // What nobody could read again must not be taken over.
  if (!read.ok) return refusedWhole(revision.root, `the site cannot be kept as a revision: ${read.error}`);
  const site = inHand(read.value, tools);
  for (const [node, { plan }] of site.nodes) {
    const words = `${node} with its routes takes ${plan.length} bytes, and may have ${nodePlanBytesMax}`;
    if (plan.length > nodePlanBytesMax) return refusedWhole(revision.root, words);
  }
  return ok({ ...site, content, digest: tools.digestOf(content) });
}

function inHand({ from, site }: RevisionContent, { catalogue, digestOf }: SiteTools): SiteInHand {
  const { hub } = site;
  const nodes = Object.entries(site.nodes).map(([name, node]): [string, NodeInHand] => {
    const plan = alone(encodePlan(planOf(node, hub.secrets, catalogue)));
    const bundles = bundlesOf(node).map(({ digest }) => digest);
    const modules = Object.entries(node.instances).map(([instance, { module, version }]) => ({
      instance,
      module,
      version,
    }));
    return [name, { zones: node.zones, digest: digestOf(plan), plan, bundles, modules }];
  });
  const routes = [hub, ...Object.values(site.nodes)].flatMap((each) => Object.values(each.routes));
  return {
    from,
    hub,
    nodes: new Map(nodes),
    routes: routes.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

/** Without the buffer that it was encoded into, which is shared and would travel with it. */
const alone = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

const refusedWhole = (file: string, message: string, hint?: string): Result<never, InvalidResponse> =>
  failed({
    problems: [{ file, line: 1, column: 1, path: "", message, ...(hint === undefined ? {} : { hint }) }],
    more: 0,
  });

function invalidOf({ problems, more, lineOf }: SiteFailure): InvalidResponse {
  return {
    problems: problems.map((problem) => {
      const source = lineOf(problem.file, problem.line);
      return { ...problem, ...(source === "" ? {} : { source }) };
    }),
    more,
  };
}
