/** One route at work: condition, operators, mapping. The same on a node and on the hub. */
import { type Instant, instant, later, type Micros, type Millis } from "../kernel/units.ts";
import { lane as lanes } from "../wire/lanes.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Value } from "../wire/value.ts";
import { BudgetMeter } from "./budget.ts";
import type { Expression, Variables } from "./expression.ts";
import { Chain } from "./operators/chain.ts";
import type { Stage } from "./operators/stage.ts";
import { isLasting, lasting, type Sample, type Samples, variablesOf } from "./sample.ts";

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
  /** Every value goes to the same input, or the same ones, and at once. */
  readonly #isForOne: boolean;
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
    const strategy = route.group?.strategy ?? "broadcast";
    this.#isForOne = !this.isTimed && key === undefined && strategy === "broadcast";
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
    if (this.#isDirect) return this.#give(sample, undefined, 0, sink);
    if (this.#throttle !== undefined && at < this.#openAt) {
      this.#held = sample;
      return;
    }
    this.#run(sample, at, sink);
  }

  /**
   * Offers several samples, the oldest first. Where the newest replaces those before it in any case, only that one goes
   * on; the others run through the expressions, so that what they cannot do is counted.
   */
  offerAll(samples: Samples, at: Instant, sink: RouteSink, wall?: Micros): void {
    const newest = samples.at(-1);
    if (newest === undefined) return;
    if (this.meter !== undefined) this.#wall = wall;
    const isReplaced = this.#isForOne && isReplacedByNewer(this.route, newest);
    if (isReplaced && this.#isDirect) return this.#give(newest, undefined, samples.length - 1, sink);
    let last: Sample | undefined;
    let passed = 0;
    for (let place = 0; place < samples.length; place += 1) {
      const sample = samples.at(place) ?? newest;
      const made = isReplaced ? this.#made(sample) : this.offer(sample, at, sink, wall);
      if (made === undefined) continue;
      last = made;
      passed += 1;
    }
    if (last !== undefined) this.#give(last, undefined, passed - 1, sink);
  }

  /**
   * The latest values of its outputs, the oldest first, for an input that comes anew or a route that is new. Operators
   * have taken them already: what came of them last is said again, unless it happened once.
   */
  offerAgain(samples: readonly Sample[], at: Instant, sink: RouteSink): void {
    if (!this.#hasTaken) {
      for (const sample of samples) this.offer({ ...sample, isAgain: true }, at, sink);
    } else if (this.#given !== undefined) {
      this.#wall = undefined;
      this.#give({ ...this.#given.sample, isAgain: true }, this.#given.key, 0, sink);
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
    if (this.#chain !== undefined) return this.#through(this.#chain, sample, at, sink);
    const made = this.#made(sample);
    if (made === undefined) return;
    const key = this.#key?.evaluate(this.#variablesOf(sample));
    if (key?.ok === false) return this.#fail(`key: ${key.error}`);
    if (this.#throttle !== undefined) this.#openAt = later(at, this.#throttle);
    this.#give(made, key && keyText(key.value), 0, sink);
  }

  #through(chain: Chain, sample: Sample, at: Instant, sink: RouteSink): void {
    const { from = this.route.from } = sample;
    if (this.#when !== undefined && !this.#isFulfilled(this.#when, this.#variablesOf(sample))) return;
    this.#sink = sink;
    this.#hasTaken = true;
    chain.take(sample.from === from ? sample : { ...sample, from }, at);
  }

  /** What came out of the chain. */
  #finish(sample: Sample): void {
    const variables = variablesOf(sample);
    const key = this.#key?.evaluate(variables);
    if (key?.ok === false) return this.#fail(`key: ${key.error}`);
    const made = this.#mapped(sample, variables);
    if (made === undefined) return;
    const text = key && keyText(key.value);
    // Whoever is told how something is does not do it once more.
    if (isLasting(sample)) this.#given = { sample: lasting(made), key: text };
    this.#give(made, text, 0, this.#sink);
  }

  /** What the route makes of a sample; `undefined`: nothing. */
  #made(sample: Sample): Sample | undefined {
    if (this.#when === undefined && this.#map === undefined) return sample;
    const variables = this.#variablesOf(sample);
    if (this.#when !== undefined && !this.#isFulfilled(this.#when, variables)) return undefined;
    return this.#mapped(sample, variables);
  }

  #isFulfilled(when: Expression, variables: Variables): boolean {
    const condition = when.evaluate(variables);
    if (!condition.ok) this.#fail(`when: ${condition.error}`);
    else if (typeof condition.value === "boolean") return condition.value;
    else this.#fail("when: the result is not true or false");
    return false;
  }

  #mapped(sample: Sample, variables: Variables): Sample | undefined {
    const mapped = this.#map?.evaluate(variables);
    if (mapped?.ok === false) return this.#fail(`map: ${mapped.error}`);
    return mapped === undefined ? sample : { ...sample, value: mapped.value };
  }

  #give(sample: Sample, key: string | undefined, older: number, sink: RouteSink): void {
    this.passed += older;
    const refusal = sink(this.route, sample, key, older);
    if (refusal !== undefined) return this.#fail(`to: ${refusal}`);
    this.passed += 1;
    if (this.meter !== undefined && this.#wall !== undefined)
      this.meter.note((this.#wall - sample.at) / 1000);
  }

  #fail(error: string): undefined {
    this.failed += 1;
    this.error = error;
  }

  #variablesOf({ value, unit, quality, from = this.route.from }: Sample): Variables {
    return { value, unit, quality, from };
  }

  #chainOf(stages: readonly Stage[]): Chain {
    return new Chain(stages, {
      give: (sample) => this.#finish(sample),
      failed: (step, words) => this.#fail(`${stepName(this.route, step)}: ${words}`),
    });
  }
}

/** `through[1] window`, as it stands in the file. */
const stepName = ({ through = [] }: CompiledRoute, step: number): string =>
  `through[${step}] ${through[step]?.kind ?? "throttle"}`;

/** Whether a newer value of the route takes this one's place while it waits: it says how something is now. */
export const isReplacedByNewer = (
  { lane }: Pick<CompiledRoute, "lane">,
  { isEvent }: Pick<Sample, "isEvent">,
): boolean => lane === lanes.telemetry && isEvent !== true;

/** Values that are the same are one key, whatever they are. */
const keyText = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));
