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
  const next = nextVertices(routes);
  const state = new Map<number, "open" | "done">();
  const cycles: (readonly number[])[] = [];
  for (const start of routes.keys()) {
    if (!state.has(start)) walk(start, { next, state, cycles });
  }
  return cycles.map((cycle) => smallestFirst(cycle.filter((vertex) => vertex < routes.length)));
}

/**
 * Where values go from each vertex: the routes themselves, then what several of them lead to (a group is one, however
 * many routes and nodes it has), then where several begin. So each of those is looked through once, and not once a route.
 */
function nextVertices(routes: readonly Ends[]): (vertex: number) => readonly number[] {
  const next: number[][] = routes.map(() => []);
  const vertex = (known: Map<string, number>, name: string): number => {
    const made = known.get(name) ?? next.push([]) - 1;
    known.set(name, made);
    return made;
  };
  const begins = new Map<string, number>();
  const ends = new Map<string, number>();
  const inputs = new Map<number, readonly string[]>();
  for (const [index, { from, to }] of routes.entries()) {
    next[vertex(begins, from)]?.push(index);
    const end = vertex(ends, to.join(" "));
    next[index]?.push(end);
    inputs.set(end, to);
  }
  const filters = [...begins].filter(([from]) => hasWildcard(from));
  const fed = new Map<string, readonly number[]>();
  const fedBy = (address: string): readonly number[] => {
    const known = fed.get(address);
    if (known !== undefined) return known;
    const own = begins.get(address);
    const found = filters.flatMap(([filter, begin]) => (fits(filter, address) ? [begin] : []));
    if (own !== undefined) found.push(own);
    fed.set(address, found);
    return found;
  };
  for (const [end, addresses] of inputs) next[end]?.push(...new Set(addresses.flatMap(fedBy)));
  return (of) => next[of] ?? [];
}

interface Walk {
  readonly next: (vertex: number) => readonly number[];
  readonly state: Map<number, "open" | "done">;
  readonly cycles: (readonly number[])[];
}

/** Depth first, with a stack of our own: a chain of routes may be as long as there are routes. */
function walk(start: number, { next, state, cycles }: Walk): void {
  const trail: { readonly vertex: number; readonly rest: number[] }[] = [];
  const enter = (vertex: number): void => {
    state.set(vertex, "open");
    trail.push({ vertex, rest: [...next(vertex)] });
  };
  enter(start);
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const vertex = top.rest.pop();
    if (vertex === undefined) {
      state.set(top.vertex, "done");
      trail.pop();
    } else if (state.get(vertex) === "open") {
      const from = trail.findIndex((each) => each.vertex === vertex);
      cycles.push(trail.slice(from).map((each) => each.vertex));
    } else if (!state.has(vertex)) enter(vertex);
  }
}

/** The same cycle begins at the same route, wherever it was entered. */
function smallestFirst(cycle: readonly number[]): readonly number[] {
  const from = cycle.indexOf(Math.min(...cycle));
  return [...cycle.slice(from), ...cycle.slice(0, from)];
}
