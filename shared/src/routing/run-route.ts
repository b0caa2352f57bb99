/** Routes made ready to run, and the table that finds those that a value is for. */
import { failed, ok, type Result } from "../kernel/result.ts";
import { earliest, type Instant, type Micros } from "../kernel/units.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Operator } from "../wire/messages/operator.ts";
import { fits, hasWildcard } from "../wire/output-filter.ts";
import { compileExpression, type Expression, type ExpressionFault } from "./expression.ts";
import { makeStage } from "./operators/make-stage.ts";
import type { Stage } from "./operators/stage.ts";
import { type RouteParts, RouteRunner, type RouteSink } from "./route-runner.ts";
import type { Sample, Samples } from "./sample.ts";

export { isReplacedByNewer, RouteRunner, type RouteSink } from "./route-runner.ts";
export { isLasting, lasting, type Sample, type Samples } from "./sample.ts";

/** Which part of a route cannot be right, and why. */
export interface RouteFault {
  readonly part: "when" | "map" | "key" | "through";
  /** Of `through`, from 0. */
  readonly step?: number;
  readonly fault: ExpressionFault;
}

/** A runner for `route`, or which of its expressions cannot be right. */
export function prepareRoute(route: CompiledRoute): Result<RouteRunner, RouteFault> {
  const parts = routeParts(route);
  return parts.ok ? ok(new RouteRunner(route, parts.value)) : parts;
}

/** What a route is made of, compiled. */
export function routeParts(route: CompiledRoute): Result<RouteParts, RouteFault> {
  const when = expressionOf("when", route.when);
  if (!when.ok) return when;
  const map = expressionOf("map", route.map);
  if (!map.ok) return map;
  const key = expressionOf("key", route.group?.key);
  if (!key.ok) return key;
  const stages = stagesOf(route);
  if (!stages.ok) return stages;
  return ok({ when: when.value, map: map.value, key: key.value, stages: stages.value });
}

function expressionOf(
  part: RouteFault["part"],
  source: string | undefined,
): Result<Expression | undefined, RouteFault> {
  if (source === undefined) return ok(undefined);
  const compiled = compileExpression(source);
  return compiled.ok ? compiled : failed({ part, fault: compiled.error });
}

function stagesOf({ through = [], throttle }: CompiledRoute): Result<readonly Stage[], RouteFault> {
  const stages: Stage[] = [];
  // The file has a throttle beside other operators as one of them; what is sent to us may have both.
  const first: readonly Operator[] =
    through.length > 0 && throttle !== undefined ? [{ kind: "throttle", span: throttle }] : [];
  for (const [step, operator] of [...first, ...through].entries()) {
    const stage = makeStage(operator);
    if (!stage.ok) return failed({ part: "through", step, fault: stage.error });
    stages.push(stage.value);
  }
  return ok(stages);
}

/** Runners for checked routes: those that cannot be right are left out. */
export const prepareRoutes = (routes: readonly CompiledRoute[]): readonly RouteRunner[] =>
  routes.flatMap((route) => {
    const prepared = prepareRoute(route);
    return prepared.ok ? [prepared.value] : [];
  });

/** Outputs of which a table remembers the routes, beside filters. More: it forgets them all and looks again. */
const resolvedMax = 100_000;
const none: readonly RouteRunner[] = [];

/** The routes of one place, found by the address of the output that feeds them. */
export class RouteTable {
  readonly runners: readonly RouteRunner[];
  /** By address. Where filters are, an output is added when it is first heard of. */
  readonly #byFrom = new Map<string, readonly RouteRunner[]>();
  readonly #hasFilters: boolean;
  /** Those that hold something. */
  readonly #waiting = new Set<RouteRunner>();
  /** None of them is due before. */
  #due: Instant | undefined;

  constructor(runners: readonly RouteRunner[]) {
    this.runners = runners;
    this.#hasFilters = runners.some(({ route }) => hasWildcard(route.from));
    for (const runner of runners) this.watch(runner);
    if (this.#hasFilters) return;
    for (const [from, fed] of Map.groupBy(runners, ({ route }) => route.from)) this.#byFrom.set(from, fed);
  }

  /**
   * The table with these routes instead. One that has not changed keeps the runner it has, with its counts and
   * what its operators hold; `fresh` are the others, which know no value yet.
   */
  renewed(runners: readonly RouteRunner[]): {
    readonly table: RouteTable;
    readonly fresh: readonly RouteRunner[];
  } {
    const before = new Map(this.runners.map((runner) => [JSON.stringify(runner.route), runner]));
    const kept = runners.map((runner) => before.get(JSON.stringify(runner.route)) ?? runner);
    const offered = new Set(runners);
    return { table: new RouteTable(kept), fresh: kept.filter((runner) => offered.has(runner)) };
  }

  /** The runners that an output feeds. */
  fedBy(from: string): readonly RouteRunner[] {
    const known = this.#byFrom.get(from);
    if (known !== undefined || !this.#hasFilters) return known ?? none;
    if (this.#byFrom.size >= resolvedMax) this.#byFrom.clear();
    const fed = this.runners.filter(({ route }) => fits(route.from, from));
    this.#byFrom.set(from, fed);
    return fed;
  }

  /** `from` is `node/instance/output`. Returns whether any route takes it. */
  offer(from: string, sample: Sample, at: Instant, sink: RouteSink, wall?: Micros): boolean {
    return this.offerAll(from, [sample], at, sink, wall);
  }

  /** Several samples of one output, oldest first. `wall`: now, when they have just been measured. */
  offerAll(from: string, samples: Samples, at: Instant, sink: RouteSink, wall?: Micros): boolean {
    const fed = this.fedBy(from);
    if (fed.length === 0) return false;
    for (const runner of fed) {
      const isNamed = !this.#hasFilters || runner.route.from === from;
      runner.offerAll(isNamed ? samples : named(samples, from), at, sink, wall);
      if (runner.isTimed) this.watch(runner);
    }
    return true;
  }

  /**
   * Gives these routes the latest values of their outputs again: they are new, or what they lead to is. `latest` has
   * them by address, all of them without `prefix`.
   */
  offerLatest(
    runners: readonly RouteRunner[],
    { latest, prefix = "" }: { readonly latest: ReadonlyMap<string, Sample>; readonly prefix?: string },
    at: Instant,
    sink: RouteSink,
  ): void {
    for (const runner of runners) {
      const samples = latestOf(runner.route.from, latest, prefix);
      if (samples.length > 0) runner.offerAgain(samples, at, sink);
      if (runner.isTimed) this.watch(runner);
    }
  }

  /** Lets out what is due and returns when the next one is. */
  flush(at: Instant, sink: RouteSink): Instant | undefined {
    if (this.#due === undefined || at < this.#due) return this.#due;
    this.#due = undefined;
    for (const runner of this.#waiting) {
      runner.flush(at, sink);
      const { due } = runner;
      if (due === undefined) this.#waiting.delete(runner);
      this.#due = earliest(this.#due, due);
    }
    return this.#due;
  }

  /** A runner of this table took a value elsewhere: what it holds comes with the next `flush` that is due. */
  watch(runner: RouteRunner): void {
    const { due } = runner;
    if (due === undefined) return;
    this.#waiting.add(runner);
    this.#due = earliest(this.#due, due);
  }
}

/** The samples with the output they come from. */
const named = (samples: Samples, from: string): Samples => ({
  length: samples.length,
  at: (place) => {
    const sample = samples.at(place);
    return sample === undefined ? undefined : { ...sample, from };
  },
});

/** The latest of the outputs that `filter` stands for, by their stamps: what came last leads. */
function latestOf(filter: string, latest: ReadonlyMap<string, Sample>, prefix: string): readonly Sample[] {
  if (!hasWildcard(filter)) {
    const sample = filter.startsWith(prefix) ? latest.get(filter.slice(prefix.length)) : undefined;
    return sample === undefined ? [] : [sample];
  }
  return [...latest]
    .flatMap(([name, sample]) => (fits(filter, prefix + name) ? [{ ...sample, from: prefix + name }] : []))
    .toSorted((left, right) => left.at - right.at);
}
