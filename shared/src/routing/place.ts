/**
 * Where a route runs: on the node that owns both ends, else, and for a group, on the hub. A filter that names its node
 * has one end there; one that may stand for outputs of several nodes does not.
 */
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { nodeOfFilter } from "../wire/output-filter.ts";

export interface Placement {
  readonly hub: readonly CompiledRoute[];
  /** By node. */
  readonly nodes: ReadonlyMap<string, readonly CompiledRoute[]>;
}

const nodeOf = (address: string): string => address.slice(0, address.indexOf("/"));

/** Every input that a route may reach. */
export function targetsOf({ to, group }: CompiledRoute): readonly string[] {
  if (group === undefined) return [to];
  const port = to.slice(to.indexOf("/"));
  return group.nodes.map((node) => `${node}${port}`);
}

export function placeRoutes(routes: readonly CompiledRoute[]): Placement {
  const hub: CompiledRoute[] = [];
  const nodes = new Map<string, CompiledRoute[]>();
  for (const route of routes) {
    const node = nodeOfRoute(route);
    if (node === undefined) {
      hub.push(route);
      continue;
    }
    const placed = nodes.get(node);
    if (placed === undefined) nodes.set(node, [route]);
    else placed.push(route);
  }
  return { hub, nodes };
}

/** The node it runs on; `undefined`: it runs on the hub. */
export function nodeOfRoute({ from, to, group }: CompiledRoute): string | undefined {
  const node = nodeOfFilter(from);
  return group === undefined && node === nodeOf(to) ? node : undefined;
}

/** Why a route runs where it does, in words for people. */
export function placeReason(route: CompiledRoute): string {
  const { from, to, group } = route;
  const node = nodeOfFilter(from);
  if (group !== undefined) return `it leads to a group: the hub knows who of ${nodeOf(to)} is there`;
  if (node === undefined) return `${from} may stand for outputs of several nodes`;
  if (node !== nodeOf(to)) return `it leads from ${node} to ${nodeOf(to)}`;
  return `both ends are on ${node}, so it runs there also while the hub is away`;
}
