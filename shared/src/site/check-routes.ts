/** Routes and scenes against the ports there are: both ends, what fits what, and that no route feeds itself. */
import { compileExpression } from "../routing/expression.ts";
import { placeRoutes, targetsOf } from "../routing/place.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { findPort, type InputSpec, type PortSpec } from "../wire/messages/port.ts";
import { parseSiteAddress } from "../wire/names.ts";
import type { ValueType } from "../wire/value.ts";
import { type Instances, portNames } from "./check-instances.ts";
import type { ReadRoute } from "./read-site.ts";
import { hintAmong, misfit, type SiteCheck } from "./site-check.ts";
import { type Ends, routeCycles } from "./route-cycles.ts";
import type { Path } from "./yaml-text.ts";

export interface CheckedRoute {
  readonly read: ReadRoute;
  readonly compiled: CompiledRoute;
}

export function checkRoutes(check: SiteCheck, instances: Instances, routes: readonly CheckedRoute[]): void {
  checkNames(check, routes);
  for (const { read, compiled } of routes) {
    const from = portAt(check, instances, {
      address: compiled.from,
      side: "from",
      reader: placeRoutes([compiled]).nodes.keys().next().value,
      tell: (offset, ...words) => check.tellInside([...read.path, "from"], offset, ...words),
    });
    const to = targetPort(check, instances, read, compiled);
    checkKinds(check, read, from, to);
  }
  const ends: readonly Ends[] = routes.map(({ compiled }) => ({
    name: compiled.name,
    from: compiled.from,
    to: targetsOf(compiled),
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

/** The input that a route sets; of a group the one that all its nodes have. */
function targetPort(
  check: SiteCheck,
  instances: Instances,
  { route, path }: ReadRoute,
  compiled: CompiledRoute,
): PortSpec | undefined {
  if (typeof route.to === "string")
    return portAt(check, instances, {
      address: compiled.to,
      side: "to",
      tell: (offset, ...words) => check.tellInside([...path, "to"], offset, ...words),
    });
  let spec: PortSpec | undefined;
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

interface Asked {
  readonly address: string;
  /** At a character of the address. */
  readonly tell: (offset: number, message: string, hint: string) => void;
  readonly side: "from" | "to";
  /** The node that runs the route; left out: the hub does, or nobody has to. */
  readonly reader?: string | undefined;
}

function portAt(
  check: SiteCheck,
  instances: Instances,
  { address, side, reader, tell }: Asked,
): PortSpec | undefined {
  const parsed = parseSiteAddress(address);
  if (!parsed.ok) return undefined;
  const { node, instance, port } = parsed.value;
  const { site } = check;
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
  const found = side === "to" ? input : (output ?? (isHeard(input, node, reader) ? input : undefined));
  if (found !== undefined) return found;
  const what = side === "to" ? "input" : "output";
  const own = portNames(side === "to" ? ports.inputs : ports.outputs);
  const all = own.length === 0 ? `it has no ${what}s` : `${what}s are ${own.join(", ")}`;
  let hint = hintAmong(port, own);
  if (side === "to" && output !== undefined) hint = `${port} is an output; ${all}`;
  else if (side === "from" && input?.actuator === true)
    hint = `${port} is an input, which routes on its own node do not hear: begin at what sets it`;
  else if (side === "from" && input !== undefined) hint = `${port} is an input; ${all}`;
  tell(afterNode + instance.length + 1, `${node}/${instance} has no ${what} "${port}"`, hint);
  return undefined;
}

/** What lights and motors hold is told to the hub, whose routes may follow it; those of their own node do not hear it. */
const isHeard = (input: InputSpec | undefined, node: string, reader: string | undefined): boolean =>
  input?.actuator === true && reader !== node;

type Kind = "number" | "bool" | "text" | "bytes" | "record";

const kindOfType = {
  bool: "bool",
  int: "number",
  float: "number",
  text: "text",
  bytes: "bytes",
  record: "record",
} as const satisfies Record<ValueType, Kind>;

const kindWords = {
  number: "a number",
  bool: "true or false",
  text: "a text",
  bytes: "bytes",
  record: "a record",
} as const satisfies Record<Kind, string>;

/** What an expression gives in any case; `undefined`: that depends on the value. */
function kindOfExpression(source: string): Kind | undefined {
  const compiled = compileExpression(source);
  switch (compiled.ok ? compiled.value.gives : undefined) {
    case "double":
    case "int":
    case "uint":
      return "number";
    case "bool":
      return "bool";
    case "string":
      return "text";
    case "bytes":
      return "bytes";
    default:
      return undefined;
  }
}

function checkKinds(
  check: SiteCheck,
  read: ReadRoute,
  from: PortSpec | undefined,
  to: PortSpec | undefined,
): void {
  const { route, path, wrong } = read;
  const condition = route.when === undefined ? undefined : kindOfExpression(route.when);
  if (condition !== undefined && condition !== "bool")
    check.tell(
      [...path, "when"],
      `when is true or false, and this is ${kindWords[condition]}`,
      "compare it, such as value > 0.5",
    );
  if (to === undefined || wrong.has("map")) return;
  const wanted = kindOfType[to.type];
  const given = route.map === undefined ? from && kindOfType[from.type] : kindOfExpression(route.map);
  if (given === undefined || given === wanted) return;
  const end = typeof route.to === "string" ? route.to : `${route.to.input} of ${route.to.group}`;
  if (route.map !== undefined) {
    check.tell(
      [...path, "map"],
      `${end} takes ${kindWords[wanted]}, and this gives ${kindWords[given]}`,
      conversionOf(given, wanted, route.map),
    );
    return;
  }
  const words = `${end} takes ${kindWords[wanted]}, and ${route.from} gives ${kindWords[given]}`;
  check.tell([...path, "to"], words, conversion(given, wanted, "value"));
}

/** What to write in the place of a map that gives the wrong thing. */
function conversionOf(given: Kind, wanted: Kind, source: string): string {
  return given === "text"
    ? `let it give ${kindWords[wanted]}`
    : conversion(given, wanted, source).replace("add", "write");
}

/** What to write so that it fits. */
function conversion(given: Kind, wanted: Kind, source: string): string {
  const inner = /^\w+$/.test(source) ? source : `(${source})`;
  if (given === "bool" && wanted === "number") return `add map: "${inner} ? 1.0 : 0.0"`;
  if (given === "number" && wanted === "bool") return `add map: ${inner} > 0.5`;
  if (wanted === "text") return `add map: string(${source})`;
  return given === "text" && wanted === "number"
    ? `add map: double(${source})`
    : "add a map that makes it fit";
}

/** Whether each level of each scene is one that its input takes. */
export function checkScenes(check: SiteCheck, instances: Instances): void {
  for (const [name, scene] of check.site.scenes) {
    for (const [address, level] of Object.entries(scene)) {
      const path = ["scenes", name, address];
      const spec = portAt(check, instances, {
        address,
        side: "to",
        tell: (_offset, ...words) => check.tellKey(["scenes", name], address, ...words),
      });
      const wrong = spec === undefined ? undefined : misfit(level, address, spec);
      if (wrong !== undefined) check.tell(path, wrong);
    }
  }
}
