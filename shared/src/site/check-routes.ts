/** Routes and scenes against the ports there are: both ends, what fits what, and that no route feeds itself. */
import { asCondition } from "../routing/letting-go.ts";
import { targetsOf } from "../routing/place.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { findPort, type InputSpec, type PortSpec, restOf } from "../wire/messages/port.ts";
import { hubNode, modeInstance, parseSiteAddress, type SiteAddress, wholeSite } from "../wire/names.ts";
import { hasWildcard } from "../wire/output-filter.ts";
import { portNames } from "./check-inputs.ts";
import type { Instances } from "./check-instances.ts";
import { fixtureNameProblem } from "./fixtures/fixture-levels.ts";
import { FilteredOutputs } from "./filtered-outputs.ts";
import type { ReadRoute } from "./read-site.ts";
import { hintAmong, misfit, type SiteCheck } from "./site-check.ts";
import { type Ends, routeCycles } from "./route-cycles.ts";
import {
  conversion,
  conversionOf,
  type Kind,
  kindAfter,
  kindOf,
  kindOfExpression,
  kindWords,
  mayLetGo,
} from "./value-kinds.ts";
import type { Path } from "./yaml-text.ts";

export interface CheckedRoute {
  readonly read: ReadRoute;
  readonly compiled: CompiledRoute;
}

export function checkRoutes(check: SiteCheck, instances: Instances, routes: readonly CheckedRoute[]): void {
  checkNames(check, routes);
  const filtered = new FilteredOutputs(check, instances);
  for (const { read, compiled } of routes) {
    const from = sourceKind(check, { instances, filtered }, read, compiled);
    const to = targetPort(check, instances, read, compiled);
    checkKinds(check, read, from, to);
    if (to !== undefined) checkLettingGo(check, read, to);
  }
  const ends: readonly Ends[] = routes.map(({ read, compiled }) => ({
    name: compiled.name,
    from: compiled.from,
    to: reached(check, read, compiled),
  }));
  for (const cycle of routeCycles(ends)) {
    const [last] = cycle.slice(-1);
    const path = routes[last ?? 0]?.read.path ?? ["routes"];
    const names = [...cycle, cycle[0] ?? 0].map((index) => ends[index]?.name);
    const words =
      cycle.length === 1
        ? `the route leads to where it comes from: ${names.join(" -> ")}`
        : `these routes feed each other for ever: ${names.join(" -> ")}`;
    check.tell([...path, "to"], words, "remove one of them, or lead it to another input");
  }
}

/** Every input that it may set; of a scene those that this sets. */
function reached(check: SiteCheck, { route: { to } }: ReadRoute, compiled: CompiledRoute): readonly string[] {
  if (typeof to === "string" || !("scene" in to)) return targetsOf(compiled);
  return Object.keys(check.site.scenes.get(to.scene) ?? {});
}

function checkNames(check: SiteCheck, routes: readonly CheckedRoute[]): void {
  const first = new Map<string, Path>();
  for (const { read } of routes) {
    const { name } = read.route;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, read.path);
    else {
      const place = check.site.sources.placeOf(earlier);
      check.tell([...read.path, "name"], `"${name}" is already the name of the route at ${place}`);
    }
  }
}

/** What its source gives; `undefined`: that is not known, or there is none, which has been told. */
function sourceKind(
  check: SiteCheck,
  { instances, filtered }: { readonly instances: Instances; readonly filtered: FilteredOutputs },
  { path }: ReadRoute,
  compiled: CompiledRoute,
): Kind | undefined {
  const { from } = compiled;
  if (hasWildcard(from)) return filtered.kind([...path, "from"], from);
  const port = portAt(check, instances, {
    address: from,
    side: "from",
    tell: (offset, ...words) => check.tellInside([...path, "from"], offset, ...words),
  });
  return port && kindOf(port);
}

/** The input that a route sets; of a group the one that all its nodes have. */
function targetPort(
  check: SiteCheck,
  instances: Instances,
  { route, path }: ReadRoute,
  compiled: CompiledRoute,
): InputSpec | undefined {
  if (typeof route.to === "string")
    return portAt(check, instances, {
      address: compiled.to,
      side: "to",
      tell: (offset, ...words) => check.tellInside([...path, "to"], offset, ...words),
    });
  if ("scene" in route.to) return sceneInput;
  let spec: InputSpec | undefined;
  for (const address of targetsOf(compiled)) {
    const parsed = parseSiteAddress(address);
    // Nodes of a group that there are not are told of where the group stands.
    if (!parsed.ok || !check.site.isWritten("nodes", parsed.value.node)) continue;
    const { node, instance, port } = parsed.value;
    const ports = instances.get(`${node}/${instance}`)?.ports;
    const found = ports === undefined ? undefined : findPort(ports.inputs, port);
    const isUnsure = ports === undefined && check.site.isWritten("nodes", node, "instances", instance);
    if (found === undefined && !isUnsure) {
      const what = `${node}, which is in the group ${route.to.group}, has no ${instance}/${port}`;
      const names =
        ports === undefined ? check.site.namesIn("nodes", node, "instances") : portNames(ports.inputs);
      check.tell([...path, "to", "input"], what, hintAmong(ports === undefined ? instance : port, names));
      return undefined;
    }
    spec ??= found;
  }
  return spec;
}

/** True recalls it, false lets it go. */
const sceneInput: InputSpec = { type: "bool" };

interface Asked {
  readonly address: string;
  /** At a character of the address. */
  readonly tell: (offset: number, message: string, hint: string) => void;
  readonly side: "from" | "to";
}

function portAt(
  check: SiteCheck,
  instances: Instances,
  { address, side, tell }: Asked,
): InputSpec | undefined {
  const parsed = parseSiteAddress(address);
  if (!parsed.ok) return undefined;
  const { node, instance, port } = parsed.value;
  const { site } = check;
  if (node === hubNode) return modeAt(check, { address, side, tell }, parsed.value);
  if (!site.isWritten("nodes", node)) {
    tell(0, `there is no node "${node}"`, hintAmong(node, site.namesIn("nodes"), "add it under nodes:"));
    return undefined;
  }
  const afterNode = node.length + 1;
  if (!site.isWritten("nodes", node, "instances", instance)) {
    const known = site.namesIn("nodes", node, "instances");
    tell(afterNode, `${node} has no instance "${instance}"`, hintAmong(instance, known));
    return undefined;
  }
  const ports = instances.get(`${node}/${instance}`)?.ports;
  if (ports === undefined) return undefined;
  const input = findPort(ports.inputs, port);
  const output = findPort(ports.outputs, port);
  const found = side === "to" ? input : output;
  if (found !== undefined) return found;
  const what = side === "to" ? "input" : "output";
  const own = portNames(side === "to" ? ports.inputs : ports.outputs);
  const all = own.length === 0 ? `it has no ${what}s` : `${what}s are ${own.join(", ")}`;
  let hint = hintAmong(port, own);
  if (side === "to" && output !== undefined) hint = `${port} is an output; ${all}`;
  else if (side === "from" && isHeld(input))
    hint = `${port} is an input, and routes begin at outputs: begin at what sets it`;
  else if (side === "from" && input !== undefined) hint = `${port} is an input; ${all}`;
  tell(afterNode + instance.length + 1, `${node}/${instance} has no ${what} "${port}"`, hint);
  return undefined;
}

/** The hub gives the mode of the site, and of each zone. */
function modeAt(
  check: SiteCheck,
  { address, side, tell }: Asked,
  { instance, port }: SiteAddress,
): PortSpec | undefined {
  const zones = [wholeSite, ...check.zones];
  if (side === "from" && instance === modeInstance && zones.includes(port)) return { type: "text" };
  const outputs = `${hubNode}/${modeInstance}/`;
  if (side === "to") tell(0, `${address} is none of a node's inputs`, `the hub has outputs: ${outputs}site`);
  else if (instance !== modeInstance) tell(0, `the hub has no "${instance}"`, `it has ${outputs}site`);
  else tell(outputs.length, `there is no zone "${port}"`, hintAmong(port, zones));
  return undefined;
}

/** Whether it keeps what it is set to, which is told to people, and to no route. */
const isHeld = (input: InputSpec | undefined): boolean =>
  input !== undefined && (input.actuator === true || restOf(input) !== undefined);

function checkKinds(
  check: SiteCheck,
  read: ReadRoute,
  from: Kind | undefined,
  to: PortSpec | undefined,
): void {
  const { route, path, wrong } = read;
  const condition = route.when === undefined ? undefined : kindOfExpression(route.when);
  if (condition !== undefined && condition !== "bool") {
    const words = `when is true or false, and this is ${kindWords[condition]}`;
    check.tell([...path, "when"], words, "compare it, such as value > 0.5");
  }
  if (to === undefined || wrong.has("map") || wrong.has("through")) return;
  const wanted = kindOf(to);
  const given = route.map === undefined ? kindAfter(from, route.through ?? []) : kindOfExpression(route.map);
  if (given === undefined || given === wanted) return;
  const end = targetInWords(route.to);
  const takes = `${end} takes ${kindWords[wanted]}`;
  if (route.map !== undefined) {
    const words = `${takes}, and this gives ${kindWords[given]}`;
    const hint = mayLetGo(route)
      ? `let it give ${kindWords[wanted]}, or null`
      : conversionOf(given, wanted, route.map);
    check.tell([...path, "map"], words, hint);
    return;
  }
  const source = given === from ? route.from : "what comes out of through";
  const words = `${takes}, and ${source} gives ${kindWords[given]}`;
  check.tell([...path, "to"], words, conversion(given, wanted, "value"));
}

/** What is no actuator and no state keeps nothing: there `null` would be a value like others, and of no type that it takes. */
function checkLettingGo(check: SiteCheck, { route, path, wrong }: ReadRoute, to: InputSpec): void {
  const isScene = typeof route.to !== "string" && "scene" in route.to;
  if (wrong.has("map") || wrong.has("through") || isScene || isHeld(to) || !mayLetGo(route)) return;
  check.tell(
    [...path, route.map === undefined ? "through" : "map"],
    `${targetInWords(route.to)} keeps nothing: it takes what comes and has nothing that null lets go of`,
    insteadOfNull(route, kindOf(to)),
  );
}

/** What is said once, such as the name of a cue list, is not said at all; what says how something is says it in full. */
function insteadOfNull({ map, when, through = [] }: ReadRoute["route"], wanted: Kind): string {
  if (wanted === "bool") return "write true or false in the place of null";
  if (wanted === "number") return "write a number in the place of null";
  const isAlone = map !== undefined && when === undefined && through.length === 0;
  const apart = isAlone ? asCondition(map) : undefined;
  if (apart === undefined) return "let through by when: only what it is to take";
  const quoted = (text: string): string => (text.includes('"') ? `'${text}'` : text);
  return `write when: ${quoted(apart.when)}, and map: ${quoted(apart.map)}`;
}

function targetInWords(to: ReadRoute["route"]["to"]): string {
  if (typeof to === "string") return to;
  return "scene" in to ? `scene ${to.scene}` : `${to.input} of ${to.group}`;
}

/** Whether each level of each scene is one that its input takes, and holds: of all others a node would pass it over. */
export function checkScenes(check: SiteCheck, instances: Instances): void {
  for (const [name, scene] of check.site.scenes) {
    for (const [address, level] of Object.entries(scene)) {
      const key = check.site.dotted.get(name)?.get(address) ?? address;
      const tell = (message: string, hint: string): void =>
        check.tellKey(["scenes", name], key, message, hint);
      const problem = dottedProblem(instances, key);
      if (problem !== undefined) {
        tell(problem.message, problem.hint);
        continue;
      }
      const spec = portAt(check, instances, {
        address,
        side: "to",
        tell: (_offset, ...words) => tell(...words),
      });
      if (spec === undefined) continue;
      if (spec.actuator !== true) {
        const words = `${key} is nothing that moves or lights, and a scene holds levels of that`;
        tell(words, "leave it out; a route may set it");
        continue;
      }
      const wrong = misfit(level, key, spec);
      if (wrong !== undefined) check.tell(["scenes", name, key], wrong);
    }
  }
}

/** What is wrong with a fixture's input, as a universe's own scenes are told of it; of an instance that is known. */
function dottedProblem(
  instances: Instances,
  key: string,
): { readonly message: string; readonly hint: string } | undefined {
  const [node = "", instance = "", input = ""] = key.split("/");
  const fixtures = instances.get(`${node}/${instance}`)?.fixtures;
  if (fixtures === undefined) return undefined;
  const problem = fixtureNameProblem(input, fixtures);
  return problem && { ...problem, message: `${node}/${instance}: ${problem.message}` };
}
