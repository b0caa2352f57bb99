/**
 * What a route does with values, step by step, on a clock of its own: for those who write routes. It is the route's own
 * runner that works here, with somebody looking over its shoulder.
 */
import { type Instant, instant, micros } from "../kernel/units.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { quality } from "../wire/entry.ts";
import type { Value } from "../wire/value.ts";
import type { Expression } from "./expression.ts";
import type { Stage } from "./operators/stage.ts";
import { type RouteFault, routeParts } from "./run-route.ts";
import { RouteRunner, type RouteParts } from "./route-runner.ts";
import type { Sample } from "./sample.ts";

/** A value that comes at `at`, in ms from the beginning. */
export interface TraceInput {
  readonly at: number;
  readonly value: Value;
  readonly unit?: string;
  readonly quality?: 0 | 1 | 2;
  /** The output, where the route names several. */
  readonly from?: string;
}

/** One thing that happened. `at` is in ms from the beginning. */
export interface TraceStep {
  readonly at: number;
  /** `from`, `when`, `through[1] debounce`, `map`, `key`, `to`, or `throttle`. */
  readonly part: string;
  readonly kind: "came" | "passed" | "stopped" | "held" | "gave" | "failed" | "arrived" | "let-go" | "lost";
  /** What came, what was given, what failed or what arrived. */
  readonly value?: Value;
  readonly error?: string;
  /** The output, where the route names several. */
  readonly from?: string;
}

/** Steps of one trace. More: the rest is left out, and the last step says so. */
const stepsMax = 10_000;

/** Values in the order of their times; `until`, in ms: how long to wait for what is held. */
export function traceRoute(
  route: CompiledRoute,
  inputs: readonly TraceInput[],
  until: number,
): Result<readonly TraceStep[], RouteFault> {
  const parts = routeParts(route);
  if (!parts.ok) return failed(parts.error);
  const trace = new Trace(route, parts.value);
  for (const input of inputs) trace.take(input);
  trace.lookUntil(until);
  return ok(trace.steps);
}

class Trace {
  readonly steps: TraceStep[] = [];
  readonly #runner: RouteRunner;
  #now = 0;

  constructor(route: CompiledRoute, { when, map, key, stages = [] }: RouteParts) {
    this.#runner = new RouteRunner(route, {
      when: when && this.#watched("when", when),
      map: map && this.#watched("map", map),
      key: key && this.#watched("key", key),
      stages: stages.map((stage, index) => {
        const name = route.through?.[index]?.kind;
        return this.#watchedStage(`through[${index}] ${name ?? "throttle"}`, stage);
      }),
    });
  }

  take({ at, value, unit = "", quality = 0, from }: TraceInput): void {
    this.lookUntil(at);
    this.#now = at;
    const source = from === undefined ? {} : { from };
    this.#say({ part: "from", kind: "came", value, ...source });
    const before = this.#runner.due;
    const sample = { value, unit, quality, at: micros(at * 1000), ...source };
    this.#offering(() => this.#runner.offer(sample, instant(at), this.#arrived));
    if (this.#runner.route.through === undefined && this.#isKept(before))
      this.#say({ part: "throttle", kind: "held", value });
  }

  lookUntil(until: number): void {
    for (let { due } = this.#runner; due !== undefined && due <= until; { due } = this.#runner) {
      const at = due;
      this.#now = at;
      if (this.#runner.route.through === undefined) this.#say({ part: "throttle", kind: "gave" });
      this.#offering(() => this.#runner.flush(at, this.#arrived));
      if (this.steps.length >= stepsMax) return;
    }
    this.#now = until;
  }

  /** Runs `work`, and tells what the runner found wrong with it. */
  #offering(work: () => void): void {
    const { failed: before } = this.#runner;
    work();
    const { failed: after, error = "" } = this.#runner;
    if (after === before) return;
    const colon = error.indexOf(": ");
    this.#say({ part: error.slice(0, colon), kind: "failed", error: error.slice(colon + 2) });
  }

  #isKept(before: Instant | undefined): boolean {
    return this.#runner.due !== undefined && (before === undefined || this.steps.at(-1)?.part === "from");
  }

  /** As an input takes it: `null` lets go, and when its source is in doubt it is told of that and of nothing else. */
  readonly #arrived = (_route: CompiledRoute, { value, quality: how }: Sample): undefined => {
    if (value !== null) this.#say({ part: "to", kind: "arrived", value });
    else this.#say({ part: "to", kind: how === quality.good ? "let-go" : "lost" });
  };

  #say(step: Omit<TraceStep, "at">): void {
    if (this.steps.length < stepsMax) this.steps.push({ at: this.#now, ...step });
    else if (this.steps.length === stepsMax)
      this.steps.push({ at: this.#now, part: "trace", kind: "failed", error: `more than ${stepsMax} steps` });
  }

  #watched(part: string, expression: Expression): Expression {
    return {
      ...expression,
      evaluate: (variables) => {
        const result = expression.evaluate(variables);
        if (!result.ok) return result;
        if (part !== "when") this.#say({ part, kind: "gave", value: result.value });
        else if (typeof result.value === "boolean")
          this.#say({ part, kind: result.value ? "passed" : "stopped" });
        return result;
      },
    };
  }

  #watchedStage(part: string, stage: Stage): Stage {
    const give = (next: Parameters<Stage["take"]>[2]): Parameters<Stage["take"]>[2] => {
      return (sample, at) => {
        const now = this.#now;
        this.#now = at;
        this.#say({ part, kind: "gave", value: sample.value });
        next(sample, at);
        this.#now = now;
      };
    };
    return {
      get due() {
        return stage.due;
      },
      take: (sample, at, next) => {
        let isGiven = false;
        const words = stage.take(sample, at, (given, givenAt) => {
          isGiven = true;
          give(next)(given, givenAt);
        });
        if (!isGiven && words === undefined)
          this.#say({ part, kind: stage.due === undefined ? "stopped" : "held", value: sample.value });
        return words;
      },
      wake: (at, next) => stage.wake(at, give(next)),
    };
  }
}
