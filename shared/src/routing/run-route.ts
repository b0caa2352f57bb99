/** One route at work: condition, mapping, throttle. The same on a node and on the hub. */
import { ok, type Result } from "../kernel/result.ts";
import { earliest, type Instant, instant, later, type Micros } from "../kernel/units.ts";
import type { Quality } from "../wire/entry.ts";
import { lane as lanes } from "../wire/lanes.ts";
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

/** Samples of one output that came together, the oldest first, each made when a route asks for it; or all made. */
export type Samples = readonly Sample[] | Pick<readonly Sample[], "length" | "at">;

/**
 * Takes what a route makes of a value. Returns why it does not, in words; `undefined`: it does. `key` is what the
 * route's group chooses by, when it has an expression for it; `older`: so many that came together with the value and
 * passed the route before it, which it replaces.
 */
export type RouteSink = (
  route: CompiledRoute,
  sample: Sample,
  key?: string,
  older?: number,
) => string | undefined;

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
  /** Every value goes to the same input, or the same ones, and at once. */
  readonly #isForOne: boolean;
  #openAt = instant(Number.NEGATIVE_INFINITY);
  #held: Sample | undefined;

  constructor(route: CompiledRoute, { when, map, key }: RouteExpressions) {
    this.route = route;
    this.#when = when;
    this.#map = map;
    this.#key = key;
    const { group, throttle } = route;
    this.#isForOne =
      throttle === undefined && key === undefined && (group?.strategy ?? "broadcast") === "broadcast";
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

  /**
   * Offers several samples, the oldest first. Where the newest replaces those before it in any case, only that one goes
   * on; the others run through the expressions, so that what they cannot do is counted.
   */
  offerAll(samples: Samples, at: Instant, sink: RouteSink): void {
    const newest = samples.at(-1);
    if (newest === undefined) return;
    const isReplaced = this.#isForOne && isReplacedByNewer(this.route, newest);
    if (isReplaced && this.#when === undefined && this.#map === undefined)
      return this.#give(newest, undefined, samples.length - 1, sink);
    let last: Sample | undefined;
    let passed = 0;
    for (let place = 0; place < samples.length; place += 1) {
      const sample = samples.at(place) ?? newest;
      const made = isReplaced ? this.#made(sample) : this.offer(sample, at, sink);
      if (made === undefined) continue;
      last = made;
      passed += 1;
    }
    if (last !== undefined) this.#give(last, undefined, passed - 1, sink);
  }

  /** Lets the held sample out when its time has come. */
  flush(at: Instant, sink: RouteSink): void {
    const held = this.#held;
    if (held !== undefined && at >= this.#openAt) this.#run(held, at, sink);
  }

  #run(sample: Sample, at: Instant, sink: RouteSink): void {
    this.#held = undefined;
    const made = this.#made(sample);
    if (made === undefined) return;
    const key = this.#key?.evaluate(variablesOf(sample));
    if (key?.ok === false) return this.#fail(`key: ${key.error}`);
    if (this.route.throttle !== undefined) this.#openAt = later(at, this.route.throttle);
    this.#give(made, key && keyText(key.value), 0, sink);
  }

  /** What the route makes of a sample; `undefined`: nothing. */
  #made(sample: Sample): Sample | undefined {
    if (this.#when === undefined && this.#map === undefined) return sample;
    const variables = variablesOf(sample);
    const condition = this.#when?.evaluate(variables);
    if (condition?.ok === false) return this.#fail(`when: ${condition.error}`);
    if (condition !== undefined && typeof condition.value !== "boolean")
      return this.#fail("when: the result is not true or false");
    if (condition?.value === false) return undefined;
    const mapped = this.#map?.evaluate(variables);
    if (mapped?.ok === false) return this.#fail(`map: ${mapped.error}`);
    return mapped === undefined ? sample : { ...sample, value: mapped.value };
  }

  #give(sample: Sample, key: string | undefined, older: number, sink: RouteSink): void {
    this.passed += older;
    const refusal = sink(this.route, sample, key, older);
    if (refusal === undefined) this.passed += 1;
    else this.#fail(`to: ${refusal}`);
  }

  #fail(error: string): undefined {
    this.failed += 1;
    this.error = error;
  }
}

const variablesOf = ({ value, unit, quality }: Sample) => ({ value, unit, quality });

/** Whether a newer value of the route takes this one's place while it waits: it says how something is now. */
export const isReplacedByNewer = (
  { lane }: Pick<CompiledRoute, "lane">,
  { isEvent }: Pick<Sample, "isEvent">,
): boolean => lane === lanes.telemetry && isEvent !== true;

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
  offerAll(from: string, samples: Samples, at: Instant, sink: RouteSink): boolean {
    const fed = this.#byFrom.get(from);
    if (fed === undefined) return false;
    for (const runner of fed) runner.offerAll(samples, at, sink);
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
