/** What is wrong with where a route comes from, seen beside where it leads. */
import { targetsOf } from "../routing/place.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { fits, hasWildcard } from "../wire/output-filter.ts";
import type { Problem, YamlText } from "./yaml-text.ts";

/** No output may have this name, so only a filter that takes whatever an instance gives fits it. */
const anyOutput = "-";

/** A filter over all outputs of an instance that leads to this instance itself would go round for ever. */
export function sourceProblems(yaml: YamlText, routes: readonly CompiledRoute[]): Problem[] {
  return routes.flatMap((route, index) => {
    const own = hasWildcard(route.from)
      ? targetsOf(route)
          .map(instanceOf)
          .find((to) => fits(route.from, `${to}/${anyOutput}`))
      : undefined;
    if (own === undefined) return [];
    const words = `${route.from} also stands for every output of ${own}, to which the route leads: it would go round for ever`;
    return [
      yaml.problemAt(
        ["routes", index, "from"],
        words,
        "name the output, such as +/sim/distance, or the instance, such as demo/sim/#",
      ),
    ];
  });
}

const instanceOf = (address: string): string => address.slice(0, address.lastIndexOf("/"));
