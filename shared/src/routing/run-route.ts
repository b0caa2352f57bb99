/** One route at work: condition, mapping, throttle. The same on a node and on the hub. */
import { ok, type Result } from "../kernel/result.ts";
import { earliest, type Instant, instant, later, type Micros } from "../kernel/units.ts";
import type { Quality } from "../wire/entry.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Origin } from "../wire/origin.ts";
import type { Value } from "../wire/value.ts";
import { compileExpression, type Expression, type ExpressionFault } from "./expression.ts";

/** A value of an output, as a route sees it. */
export interface Sample {
  readonly value: Value;
  readonly unit: string;
  readonly quality: Quality;
  readonly at: Micros;
  /** It happened once: it is not kept for those who come later, and a newer one does not replace it. */
  readonly isEvent?: boolean;
  /** Of what must be done once, also when a later life of the hub routes it again. */
  readonly origin?: Origin | undefined;
}

/**
 * Takes what a route makes of a value. Returns why it does not, in words; `undefined`: it does. `key` is what the
 * route's group chooses by, when it has an expression for it.
 */
export type RouteSink = (route: CompiledRoute, sample: Sample, key?: string) => string | undefined;

export interface RouteExpressions {
  readonly when?: Expression | undefined;
  readonly map?: Expression | undefined;
  readonly key?: Expression | undefined;
}

export class RouteRunner {
  readonly route: CompiledRoute;
  passed = 0;
  failed = 0;
  error: string | undefined;
  readonly #when: Expression | undefined;
  readonly #map: Expression | undefined;
  readonly #key: Expression | undefined;
  #openAt = instant(Number.NEGATIVE_INFINITY);
  #held: Sample | undefined;

  constructor(route: CompiledRoute, { when, map, key }: RouteExpressions) {
    this.route = route;
    this.#when = when;
    this.#map = map;
    this.#key = key;
  }

  /** When the throttle lets the held sample out; `undefined` while none is held. */
  get due(): Instant | undefined {
    return this.#held === undefined ? undefined : this.#openAt;
  }

  /** Offers a sample. What the throttle holds back is replaced by a newer one and let out by `flush`. */
  offer(sample: Sample, at: Instant, sink: RouteSink): void {
    if (this.route.throttle !== undefined && at < this.#openAt) {
      this.#held = sample;
      return;
    }
    this.#run(sample, at, sink);
  }

  /** Lets the held sample out when its time has come. */
  flush(at: Instant, sink: RouteSink): void {
    const held = this.#held;
    if (held !== undefined && at >= this.#openAt) this.#run(held, at, sink);
  }

  #run(sample: Sample, at: Instant, sink: RouteSink): void {
    this.#held = undefined;
    const variables = { value: sample.value, unit: sample.unit, quality: sample.quality };
    const condition = this.#when?.evaluate(variables);
    if (condition !== undefined) {
      if (!condition.ok) return this.#fail(`when: ${condition.error}`);
      if (typeof condition.value !== "boolean") return this.#fail("when: the result is not true or false");
      if (!condition.value) return;
    }
    const key = this.#key?.evaluate(variables);
    if (key?.ok === false) return this.#fail(`key: ${key.error}`);
    const mapped = this.#map?.evaluate(variables);
    if (mapped?.ok === false) return this.#fail(`map: ${mapped.error}`);
    if (this.route.throttle !== undefined) this.#openAt = later(at, this.route.throttle);
    const taken = mapped === undefined ? sample : { ...sample, value: mapped.value };
    const refusal = sink(this.route, taken, key && keyText(key.value));
    if (refusal !== undefined) return this.#fail(`to: ${refusal}`);
    this.passed += 1;
  }

  #fail(error: string): void {
    this.failed += 1;
    this.error = error;
  }
}

/** Values that are the same are one key, whatever they are. */
const keyText = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A runner for `route`, or which of its expressions cannot be right. */
export function prepareRoute(
  route: CompiledRoute,
): Result<RouteRunner, { readonly part: "when" | "map" | "key"; readonly fault: ExpressionFault }> {
  const when = route.when === undefined ? undefined : compileExpression(route.when);
  if (when?.ok === false) return { ok: false, error: { part: "when", fault: when.error } };
  const map = route.map === undefined ? undefined : compileExpression(route.map);
  if (map?.ok === false) return { ok: false, error: { part: "map", fault: map.error } };
  const key = route.group?.key === undefined ? undefined : compileExpression(route.group.key);
  if (key?.ok === false) return { ok: false, error: { part: "key", fault: key.error } };
  return ok(new RouteRunner(route, { when: when?.value, map: map?.value, key: key?.value }));
}

/** Runners for checked routes: those that cannot be right are left out. */
export const prepareRoutes = (routes: readonly CompiledRoute[]): readonly RouteRunner[] =>
  routes.flatMap((route) => {
    const prepared = prepareRoute(route);
    return prepared.ok ? [prepared.value] : [];
  });

/** The routes of one place, found by the address of the output that feeds them. */
export class RouteTable {
  readonly runners: readonly RouteRunner[];
  readonly #byFrom = new Map<string, RouteRunner[]>();
  /** Those that may hold something. */
  readonly #throttled: readonly RouteRunner[];

  constructor(runners: readonly RouteRunner[]) {
    this.runners = runners;
    this.#throttled = runners.filter(({ route }) => route.throttle !== undefined);
    for (const runner of runners) {
      const fed = this.#byFrom.get(runner.route.from);
      if (fed === undefined) this.#byFrom.set(runner.route.from, [runner]);
      else fed.push(runner);
    }
  }

  /**
   * The table with these routes instead. One that has not changed keeps the runner it has, with its counts and
   * what its throttle holds; `fresh` are the others, which know no value yet.
   */
  renewed(runners: readonly RouteRunner[]): {
    readonly table: RouteTable;
    readonly fresh: readonly RouteRunner[];
  } {
    const before = new Map(this.runners.map((runner) => [JSON.stringify(runner.route), runner]));
    const kept = runners.map((runner) => before.get(JSON.stringify(runner.route)) ?? runner);
    return { table: new RouteTable(kept), fresh: kept.filter((runner) => runners.includes(runner)) };
  }

  /** The runners that an output feeds. */
  fedBy(from: string): readonly RouteRunner[] {
    return this.#byFrom.get(from) ?? [];
  }

  /** `from` is `node/instance/output`. Returns whether any route takes it. */
  offer(from: string, sample: Sample, at: Instant, sink: RouteSink): boolean {
    return this.offerAll(from, [sample], at, sink);
  }

  /** Several samples of one output, oldest first. */
  offerAll(from: string, samples: readonly Sample[], at: Instant, sink: RouteSink): boolean {
    const fed = this.#byFrom.get(from);
    if (fed === undefined) return false;
    for (const runner of fed) for (const sample of samples) runner.offer(sample, at, sink);
    return true;
  }

  /** Lets out what throttles hold and returns when the next one is due. */
  flush(at: Instant, sink: RouteSink): Instant | undefined {
    let next: Instant | undefined;
    for (const runner of this.#throttled) {
      runner.flush(at, sink);
      next = earliest(next, runner.due);
    }
    return next;
  }
}
