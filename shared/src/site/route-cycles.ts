/** Routes that lead back to where they begin: a value that enters would go round for ever. */
import { fits, hasWildcard } from "../wire/output-filter.ts";

export interface Ends {
  readonly name: string;
  /** An output, or a filter over several. */
  readonly from: string;
  readonly to: readonly string[];
}

/** Each knot of routes once, by one cycle through it: indices in the order in which values go, the first one again after the last. */
export function routeCycles(routes: readonly Ends[]): readonly (readonly number[])[] {
  const leaving = new Map<string, number[]>();
  for (const [index, { from }] of routes.entries()) {
    const there = leaving.get(from);
    if (there === undefined) leaving.set(from, [index]);
    else there.push(index);
  }
  const filtering = [...routes.entries()].filter(([, { from }]) => hasWildcard(from));
  const next = (route: number): readonly number[] =>
    (routes[route]?.to ?? []).flatMap((address) => [
      ...(leaving.get(address) ?? []),
      ...filtering.flatMap(([index, { from }]) => (fits(from, address) ? [index] : [])),
    ]);
  const state = new Map<number, "open" | "done">();
  const cycles: (readonly number[])[] = [];
  for (const start of routes.keys()) {
    if (!state.has(start)) walk(start, { next, state, cycles });
  }
  return cycles.map(smallestFirst);
}

interface Walk {
  readonly next: (route: number) => readonly number[];
  readonly state: Map<number, "open" | "done">;
  readonly cycles: (readonly number[])[];
}

/** Depth first, with a stack of our own: a chain of routes may be as long as there are routes. */
function walk(start: number, { next, state, cycles }: Walk): void {
  const trail: { readonly route: number; readonly rest: number[] }[] = [];
  const enter = (route: number): void => {
    state.set(route, "open");
    trail.push({ route, rest: [...next(route)] });
  };
  enter(start);
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const route = top.rest.pop();
    if (route === undefined) {
      state.set(top.route, "done");
      trail.pop();
    } else if (state.get(route) === "open") {
      const from = trail.findIndex((each) => each.route === route);
      cycles.push(trail.slice(from).map((each) => each.route));
    } else if (!state.has(route)) enter(route);
  }
}

/** The same cycle begins at the same route, wherever it was entered. */
function smallestFirst(cycle: readonly number[]): readonly number[] {
  const from = cycle.indexOf(Math.min(...cycle));
  return [...cycle.slice(from), ...cycle.slice(0, from)];
}
