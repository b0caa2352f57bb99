/** One route at work: condition, operators, mapping. The same on a node and on the hub. */
import { type Instant, instant, later, type Micros, type Millis } from "../kernel/units.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Value } from "../wire/value.ts";
import { BudgetMeter } from "./budget.ts";
import type { Expression, Variables } from "./expression.ts";
import { Chain } from "./operators/chain.ts";
import type { Stage } from "./operators/stage.ts";
import { type Sample, variablesOf } from "./sample.ts";

/**
 * Takes what a route makes of a value. Returns why it does not, in words; `undefined`: it does. `key` is what the
 * route's group chooses by, when it has an expression for it.
 */
export type RouteSink = (route: CompiledRoute, sample: Sample, key?: string) => string | undefined;

export interface RouteParts {
  readonly when?: Expression | undefined;
  readonly map?: Expression | undefined;
  readonly key?: Expression | undefined;
  /** What stands between `when` and `map`. */
  readonly stages?: readonly Stage[];
}

export class RouteRunner {
  readonly route: CompiledRoute;
  /** Whether time alone may bring something about. */
  readonly isTimed: boolean;
  passed = 0;
  failed = 0;
  error: string | undefined;
  /** There when it has a budget. */
  readonly meter: BudgetMeter | undefined;
  readonly #when: Expression | undefined;
  readonly #map: Expression | undefined;
  readonly #key: Expression | undefined;
  readonly #throttle: Millis | undefined;
  /** Whether it passes on what it is given, and nothing else. */
  readonly #isDirect: boolean;
  #openAt = instant(Number.NEGATIVE_INFINITY);
  #held: Sample | undefined;
  readonly #chain: Chain | undefined;
  /** Whom the chain gives to, while it is at work. */
  #sink: RouteSink = () => undefined;
  /** What time it is on the site's clock, while a value is at work that came just now. */
  #wall: Micros | undefined;
  #hasTaken = false;
  /** What came last out of the chain. */
  #given: { readonly sample: Sample; readonly key: string | undefined } | undefined;

  constructor(route: CompiledRoute, { when, map, key, stages = [] }: RouteParts) {
    this.route = route;
    this.meter = route.budget === undefined ? undefined : new BudgetMeter(route.budget);
    this.#when = when;
    this.#map = map;
    this.#key = key;
    this.#chain = stages.length > 0 ? this.#chainOf(stages) : undefined;
    this.#throttle = this.#chain === undefined ? route.throttle : undefined;
    this.isTimed = this.#chain !== undefined || this.#throttle !== undefined;
    this.#isDirect = !this.isTimed && when === undefined && map === undefined && key === undefined;
  }

  /** When that is; `undefined` while nothing is held. */
  get due(): Instant | undefined {
    if (this.#chain !== undefined) return this.#chain.due;
    return this.#held === undefined ? undefined : this.#openAt;
  }

  /**
   * Offers a sample. What is kept back for a while is let out by `flush`. `wall`: now, for what has just been measured;
   * what is said again is old by its stamp and tells nothing of how long it takes.
   */
  offer(sample: Sample, at: Instant, sink: RouteSink, wall?: Micros): void {
    if (this.meter !== undefined) this.#wall = wall;
    if (this.#isDirect) return this.#pass(sample, undefined, sink);
    if (this.#throttle !== undefined && at < this.#openAt) {
      this.#held = sample;
      return;
    }
    this.#run(sample, at, sink);
  }

  /**
   * The latest values of its outputs, the oldest first, for an input that comes anew or a route that is new. Operators
   * have taken them already: what came of them last is said again, unless it happened once.
   */
  offerAgain(samples: readonly Sample[], at: Instant, sink: RouteSink): void {
    if (!this.#hasTaken) {
      for (const sample of samples) this.offer(sample, at, sink);
    } else if (this.#given !== undefined) {
      this.#wall = undefined;
      this.#pass(this.#given.sample, this.#given.key, sink);
    }
  }

  /** Lets out what is due by now. */
  flush(at: Instant, sink: RouteSink): void {
    this.#wall = undefined;
    if (this.#chain !== undefined) {
      this.#sink = sink;
      return this.#chain.wake(at);
    }
    const held = this.#held;
    if (held !== undefined && at >= this.#openAt) this.#run(held, at, sink);
  }

  #run(sample: Sample, at: Instant, sink: RouteSink): void {
    this.#held = undefined;
    const { value, unit, quality, from = this.route.from } = sample;
    const variables = { value, unit, quality, from };
    const condition = this.#when?.evaluate(variables);
    if (condition !== undefined) {
      if (!condition.ok) return this.#fail(`when: ${condition.error}`);
      if (typeof condition.value !== "boolean") return this.#fail("when: the result is not true or false");
      if (!condition.value) return;
    }
    if (this.#chain === undefined) return this.#finish(sample, variables, at, sink);
    this.#sink = sink;
    this.#hasTaken = true;
    this.#chain.take(sample.from === from ? sample : { ...sample, from }, at);
  }

  #finish(sample: Sample, variables: Variables, at: Instant, sink: RouteSink): void {
    const key = this.#key?.evaluate(variables);
    if (key?.ok === false) return this.#fail(`key: ${key.error}`);
    const mapped = this.#map?.evaluate(variables);
    if (mapped?.ok === false) return this.#fail(`map: ${mapped.error}`);
    if (this.#throttle !== undefined) this.#openAt = later(at, this.#throttle);
    const taken = mapped === undefined ? sample : { ...sample, value: mapped.value };
    const text = key && keyText(key.value);
    // Whoever is told how something is does not do it once more.
    if (this.#chain !== undefined && sample.isEvent !== true)
      this.#given = { sample: { ...taken, origin: undefined }, key: text };
    this.#pass(taken, text, sink);
  }

  #pass(sample: Sample, key: string | undefined, sink: RouteSink): void {
    const refusal = sink(this.route, sample, key);
    if (refusal !== undefined) return this.#fail(`to: ${refusal}`);
    this.passed += 1;
    if (this.meter !== undefined && this.#wall !== undefined)
      this.meter.note((this.#wall - sample.at) / 1000);
  }

  #fail(error: string): void {
    this.failed += 1;
    this.error = error;
  }

  #chainOf(stages: readonly Stage[]): Chain {
    return new Chain(stages, {
      give: (sample, at) => this.#finish(sample, variablesOf(sample), at, this.#sink),
      failed: (step, words) => this.#fail(`${stepName(this.route, step)}: ${words}`),
    });
  }
}

/** `through[1] window`, as it stands in the file. */
const stepName = ({ through = [] }: CompiledRoute, step: number): string =>
  `through[${step}] ${through[step]?.kind ?? "throttle"}`;

/** Values that are the same are one key, whatever they are. */
const keyText = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));
