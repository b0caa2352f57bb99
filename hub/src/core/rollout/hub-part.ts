/** The hub's own part of a revision: whom it concerns, and what of the part before it goes on for a while. */
import { nodeOfRoute, targetsOf } from "@interactor/shared/routing/place";
import type { SiteInHand } from "@interactor/shared/site/site-in-hand";
import { canonical } from "@interactor/shared/wire/canonical";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { nodeOfFilter } from "@interactor/shared/wire/output-filter";

type HubPart = SiteInHand["hub"];

/** Nodes at either end of a route that one part runs otherwise than the other. `undefined`: they are the same part. */
export function nodesConcerned(was: HubPart | undefined, is: HubPart): ReadonlySet<string> | undefined {
  if (wordsOf(was) === wordsOf(is)) return undefined;
  const before = was?.routes ?? {};
  const names = new Set([...Object.keys(before), ...Object.keys(is.routes)]);
  const nodes = [...names].flatMap((name) => {
    const [left, right] = [own(before, name), own(is.routes, name)];
    return wordsOf(left) === wordsOf(right) ? [] : [...endsOf(left), ...endsOf(right)];
  });
  return new Set(nodes);
}

/** Routes of the hub that the site lets a node run, which has not come to it yet: without the hub nobody would. */
export function routesKept(
  served: readonly CompiledRoute[],
  site: SiteInHand,
  isDone: (node: string) => boolean,
): readonly CompiledRoute[] {
  const nodes = new Map(site.routes.map((route) => [route.name, nodeOfRoute(route)]));
  return served.filter(({ name }) => {
    const node = nodes.get(name);
    return node !== undefined && !isDone(node);
  });
}

const wordsOf = (value: unknown): string => JSON.stringify(canonical(value)) ?? "";

function endsOf(route: CompiledRoute | undefined): readonly string[] {
  if (route === undefined) return [];
  const targets = targetsOf(route).map((address) => address.slice(0, address.indexOf("/")));
  return [nodeOfFilter(route.from) ?? [], targets].flat();
}

const own = (all: HubPart["routes"], name: string): CompiledRoute | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;
