/** What is wrong with where a route comes from, seen beside where it leads. */
import { targetsOf } from "../routing/place.ts";
import { fits, hasWildcard } from "../wire/output-filter.ts";
import type { PathedRoute } from "./operator-problems.ts";
import type { Places } from "./schema-problems.ts";
import type { Problem } from "./yaml-text.ts";

/** No output may have this name, so only a filter that takes whatever an instance gives fits it. */
const anyOutput = "-";

/** A filter over all outputs of an instance that leads to this instance itself would go round for ever. */
export function sourceProblems<Told extends Problem>(
  places: Places<Told>,
  routes: readonly PathedRoute[],
): Told[] {
  return routes.flatMap(({ route, path }) => {
    const own = hasWildcard(route.from)
      ? targetsOf(route)
          .map(instanceOf)
          .find((to) => fits(route.from, `${to}/${anyOutput}`))
      : undefined;
    if (own === undefined) return [];
    const words = `${route.from} also stands for every output of ${own}, to which the route leads: it would go round for ever`;
    return [
      places.problemAt(
        [...path, "from"],
        words,
        "name the output, such as +/sim/distance, or the instance, such as demo/sim/#",
      ),
    ];
  });
}

const instanceOf = (address: string): string => address.slice(0, address.lastIndexOf("/"));
