/** What is wrong with operators of routes that are well-formed by themselves. */
import { rememberingOperatorsMax } from "../wire/limits.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { hasWildcard } from "../wire/output-filter.ts";
import type { Places } from "./schema-problems.ts";
import type { Path, Problem } from "./yaml-text.ts";

export interface PathedRoute {
  readonly route: CompiledRoute;
  readonly path: Path;
}

export function operatorProblems<Told extends Problem>(
  places: Places<Told>,
  routes: readonly PathedRoute[],
): Told[] {
  const words = "beside through it is not clear when it takes place";
  const hint = "make it a step of through: `- throttle: 50ms`";
  const problems = routes
    .filter(({ route }) => route.throttle !== undefined && route.through !== undefined)
    .map(({ path }) => places.problemAtKey(path, "throttle", words, hint));
  problems.push(...sharedStates(places, routes));
  let remembering = 0;
  for (const { route, path } of routes) {
    remembering += (route.through ?? []).filter(({ kind }) => kind === "window" || kind === "delay").length;
    if (remembering <= rememberingOperatorsMax) continue;
    const words = `more than ${rememberingOperatorsMax} windows and delays in all routes, which remember many values`;
    return [...problems, places.problemAt([...path, "through"], words)];
  }
  return problems;
}

/**
 * A route has one state, whatever its values come from. Where each source has a node of its own, a step that drops
 * what one says because another has spoken would leave that node in a state that nobody meant.
 */
function sharedStates<Told extends Problem>(
  places: Places<Told>,
  routes: readonly PathedRoute[],
): readonly Told[] {
  return routes.flatMap(({ route, path }) => {
    if (!hasWildcard(route.from) || route.group?.strategy !== "consistent-hash") return [];
    const step = (route.through ?? []).findIndex(({ kind }) => !independent.includes(kind));
    if (step < 0 && route.throttle === undefined) return [];
    const name = step < 0 ? "throttle" : (route.through?.[step]?.kind ?? "throttle");
    const place = step < 0 ? [...path, "throttle"] : [...path, "through", step];
    const words = `all outputs of ${route.from} share one ${name}, and consistent-hash has a node for each of them: one would lose its last value when another speaks`;
    const hint = "write a route for each output, or lead it to the group without this step";
    return [places.problemAt(place, words, hint)];
  });
}

/** What becomes of a value in such a step has nothing to do with the others. */
const independent: readonly string[] = ["when", "map", "delay"];
