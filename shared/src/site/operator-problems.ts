/** What is wrong with operators of routes that are well-formed by themselves. */
import { rememberingOperatorsMax } from "../wire/limits.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
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
  let remembering = 0;
  for (const { route, path } of routes) {
    remembering += (route.through ?? []).filter(({ kind }) => kind === "window" || kind === "delay").length;
    if (remembering <= rememberingOperatorsMax) continue;
    const words = `more than ${rememberingOperatorsMax} windows and delays in all routes, which remember many values`;
    return [...problems, places.problemAt([...path, "through"], words)];
  }
  return problems;
}
