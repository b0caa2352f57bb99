/**
 * From the files of a site to what every node and the hub shall do, or everything that is wrong. The steps: files and
 * variables (read-site), each part by its schema, then the parts against each other, then the plans.
 */
import { failed, ok, type Result } from "../kernel/result.ts";
import { placeRoutes } from "../routing/place.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Catalogue } from "./catalogue.ts";
import { type CheckedInstance, checkInstances, type Instances } from "./check-instances.ts";
import { checkNeeds } from "./check-needs.ts";
import { type CheckedRoute, checkRoutes, checkScenes } from "./check-routes.ts";
import { checkPlaces, checkZones, type Zone, type Zones } from "./check-zones.ts";
import {
  type CompiledSite,
  type HubPlan,
  type InstancePlan,
  type NodePlan,
  siteBytes,
  type ZonePlan,
} from "./compiled-site.ts";
import { nodePlanBytesMax, problemsToldMax, siteBytesMax } from "./limits.ts";
import { type ReadSite, readSite } from "./read-site.ts";
import { operatorProblems } from "./operator-problems.ts";
import { sourceProblems } from "./route-source.ts";
import { compiledRoute } from "./route-schema.ts";
import { type Groups, memberProblems, targetProblems } from "./route-target.ts";
import { checkSecrets, secretsByInstance, withSecrets } from "./secrets.ts";
import type { SecretUse } from "./variables.ts";
import { hintAmong, SiteCheck } from "./site-check.ts";
import { inOrder, type LineOf, type SiteProblem } from "./site-problem.ts";
import type { ReadSource } from "./site-sources.ts";

export interface SiteFiles {
  /** The first file's path, as people know it. */
  readonly root: string;
  readonly read: ReadSource;
  /** The site's name when the file has none. */
  readonly site: string;
}

export interface SiteFailure {
  /** In the order of files and lines. */
  readonly problems: readonly SiteProblem[];
  /** More than are told. */
  readonly more: number;
  readonly lineOf: LineOf;
}

export function compileSite(files: SiteFiles, catalogue: Catalogue): Result<CompiledSite, SiteFailure> {
  const site = readSite(files.root, files.read, files.site);
  if (!site.sources.isWhole) return failedWith(site, site.sources.problems);
  const check = new SiteCheck(site, catalogue);
  if (Object.keys(site.sources.merged).length === 0 && check.problems.length === 0)
    check.tell(
      [],
      "the file says nothing",
      "begin with nodes:, or let `interactor config init` write an example",
    );
  const groups = checkGroups(check);
  const zones = checkZones(check);
  checkPlaces(check, zones);
  const instances = checkInstances(check);
  checkNeeds(check, instances);
  checkSecrets(check);
  const goals = { groups, scenes: Object.fromEntries(site.scenes) };
  const routes: readonly CheckedRoute[] = site.routes.map((read) => ({
    read,
    compiled: compiledRoute(read.route, goals),
  }));
  checkRoutes(check, instances, routes);
  const pathed = routes.map(({ read, compiled }) => ({ route: compiled, path: read.path }));
  check.problems.push(...operatorProblems(site.sources, pathed), ...sourceProblems(site.sources, pathed));
  checkScenes(check, instances);
  if (check.problems.length === 0) {
    const plans = planned(site, { groups, zones, instances, routes: routes.map(({ compiled }) => compiled) });
    checkSizes(check, plans);
    if (check.problems.length === 0) return ok(plans);
  }
  return failedWith(site, check.problems);
}

function failedWith(site: ReadSite, problems: readonly SiteProblem[]): Result<never, SiteFailure> {
  const all = inOrder(problems, site.sources.files);
  return failed({
    problems: all.slice(0, problemsToldMax),
    more: Math.max(0, all.length - problemsToldMax),
    lineOf: (file, line) => site.sources.lineAt(file, line),
  });
}

/** A plan is sent to its node as one document, and the whole site is kept as one. */
function checkSizes(check: SiteCheck, plans: CompiledSite): void {
  for (const [name, plan] of Object.entries(plans.nodes)) {
    const bytes = siteBytes(plan).length;
    if (bytes > nodePlanBytesMax)
      check.tellKey(
        ["nodes"],
        name,
        `${name} with its routes takes ${bytes} bytes, and may have ${nodePlanBytesMax}`,
      );
  }
  const bytes = siteBytes(plans.hub).length;
  if (bytes > siteBytesMax)
    check.tell([], `the hub's part takes ${bytes} bytes, and may have ${siteBytesMax}`);
}

/** Groups as they are listed, and as nodes say they belong to them. A set: its order means nothing. */
function checkGroups(check: SiteCheck): Groups {
  const { site } = check;
  check.problems.push(...memberProblems(site.sources, site.groups));
  const groups = new Map(Object.entries(site.groups).map(([name, nodes]) => [name, new Set(nodes)]));
  const known = site.namesIn("nodes");
  for (const [name, nodes] of Object.entries(site.groups)) {
    for (const [index, node] of nodes.entries())
      if (!known.includes(node))
        check.tell(
          ["groups", name, index],
          `there is no node "${node}"`,
          hintAmong(node, known, "add it under nodes:"),
        );
  }
  for (const [node, { node: written }] of site.nodes) {
    for (const group of written.groups ?? []) groups.set(group, (groups.get(group) ?? new Set()).add(node));
  }
  const all = Object.fromEntries([...groups].map(([name, nodes]) => [name, [...nodes].toSorted()]));
  for (const { route, path } of site.routes)
    check.problems.push(
      ...targetProblems(site.sources, [...path, "to"], route.to, {
        groups: all,
        scenes: Object.fromEntries(site.scenes),
      }),
    );
  return all;
}

interface Checked {
  readonly groups: Groups;
  readonly zones: Zones;
  readonly instances: Instances;
  readonly routes: readonly CompiledRoute[];
}

function planned(site: ReadSite, { groups, zones, instances, routes }: Checked): CompiledSite {
  const placed = placeRoutes(routes.map(sortedGroup));
  const secrets = secretsByInstance(site.secretUses);
  const byNode = Map.groupBy(instances.values(), ({ node }) => node);
  const nodes = [...site.nodes.keys()].map((name): [string, NodePlan] => {
    const own = byNode.get(name) ?? [];
    return [name, nodePlan(site, name, { zones, own, secrets, routes: placed.nodes.get(name) ?? [] })];
  });
  const hub: HubPlan = {
    routes: byName(placed.hub),
    groups,
    zones: Object.fromEntries([...zones].map(([name, zone]) => [name, zonePlan(zone)])),
    exhibits: Object.fromEntries(site.exhibits),
    scenes: Object.fromEntries(site.scenes),
    modes: site.modes,
    ...(site.mode === undefined ? {} : { mode: site.mode }),
    secrets: Object.fromEntries(site.secrets),
  };
  return { v: 1, site: site.name, nodes: Object.fromEntries(nodes), hub };
}

const byName = (routes: readonly CompiledRoute[]): Readonly<Record<string, CompiledRoute>> =>
  Object.fromEntries(routes.map((route) => [route.name, route]));

const sortedGroup = (route: CompiledRoute): CompiledRoute =>
  route.group === undefined
    ? route
    : { ...route, group: { ...route.group, nodes: route.group.nodes.toSorted() } };

function zonePlan({ title, around, modes, mode }: Zone): ZonePlan {
  const [outer] = around;
  return {
    ...(title === undefined ? {} : { title }),
    ...(outer === undefined ? {} : { in: outer }),
    ...(modes === undefined ? {} : { modes }),
    ...(mode === undefined ? {} : { mode }),
  };
}

interface OfNode {
  readonly zones: Zones;
  readonly own: readonly CheckedInstance[];
  readonly secrets: ReadonlyMap<string, readonly SecretUse[]>;
  readonly routes: readonly CompiledRoute[];
}

function nodePlan(site: ReadSite, name: string, { zones, own, secrets, routes }: OfNode): NodePlan {
  const { zone, exhibit, title, allow } = site.nodes.get(name)?.node ?? {};
  const place = zone ?? (exhibit === undefined ? undefined : site.exhibits.get(exhibit)?.zone);
  return {
    zones: place === undefined ? [] : [place, ...(zones.get(place)?.around ?? [])],
    ...(exhibit === undefined ? {} : { exhibit }),
    ...(title === undefined ? {} : { title }),
    ...(allow === undefined ? {} : { allow }),
    instances: Object.fromEntries(
      own.map((instance) => [
        instance.name,
        instancePlan(instance, secrets.get(`${name}/${instance.name}`) ?? []),
      ]),
    ),
    routes: byName(routes),
    scenes: scenesOf(site, name),
  };
}

/** Of each scene what it sets on this node, by `instance/input`. */
function scenesOf(site: ReadSite, node: string): NodePlan["scenes"] {
  const own = [...site.scenes].map(([name, scene]) => {
    const levels = Object.entries(scene).filter(([address]) => address.startsWith(`${node}/`));
    return [
      name,
      Object.fromEntries(levels.map(([address, level]) => [address.slice(node.length + 1), level])),
    ] as const;
  });
  return Object.fromEntries(own.filter(([, levels]) => Object.keys(levels).length > 0));
}

function instancePlan(instance: CheckedInstance, uses: readonly SecretUse[]): InstancePlan {
  const { module, version, written, settings, failsafes, stops, backgrounds, path, after, bundle } = instance;
  return {
    module,
    version,
    settings: withSecrets(settings ?? {}, [...path, "settings"], uses),
    ...(written.exhibit === undefined ? {} : { exhibit: written.exhibit }),
    failsafes,
    stops,
    ...(Object.keys(backgrounds).length === 0 ? {} : { backgrounds }),
    ...(written.leases === undefined ? {} : { leases: written.leases }),
    ...(written.grant === undefined ? {} : { grant: written.grant }),
    ...(after.length === 0 ? {} : { after }),
    ...(bundle === undefined ? {} : { bundle }),
  };
}
