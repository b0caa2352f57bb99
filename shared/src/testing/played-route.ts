/** One route on a clock of its own: what it makes of values that come at given times. */
import { instant, type Instant, micros } from "../kernel/units.ts";
import { prepareRoute, type RouteRunner, type RouteSink } from "../routing/run-route.ts";
import type { Operator } from "../wire/messages/operator.ts";
import type { Value } from "../wire/value.ts";
import { noon, routeOf } from "./builders.ts";

/** When a value comes or goes, in ms, and which. */
export type Timed<Of extends Value = Value> = readonly [at: number, value: Of];

/** Later than anything in a test is due. */
const end = instant(1_000_000_000);

/**
 * Values in the order of their times through these operators, each that comes out with the instant that its stamp
 * tells. A timer looks whenever something is due, or only at `looks`, which may be late.
 */
export function playedThrough(
  through: readonly Operator[],
  given: readonly Timed[],
  looks?: readonly number[],
): { readonly out: readonly Timed[]; readonly runner: RouteRunner } {
  const prepared = prepareRoute(routeOf({ through: [...through] }));
  if (!prepared.ok) throw new Error(prepared.error.fault.message);
  const runner = prepared.value;
  const out: Timed[] = [];
  const sink: RouteSink = (_route, { value, at }) => {
    out.push([Math.round((at - noon) / 1000), value]);
    return undefined;
  };
  const timer = looks === undefined ? punctual(runner, sink) : lookingAt(looks, runner, sink);
  for (const [at, value] of given) {
    timer(instant(at));
    runner.offer({ value, unit: "m", quality: 0, at: micros(noon + at * 1000) }, instant(at), sink);
  }
  timer(end);
  runner.flush(end, sink);
  return { out, runner };
}

function punctual(runner: RouteRunner, sink: RouteSink): (until: Instant) => void {
  return (until) => {
    for (let { due } = runner; due !== undefined && due < until; { due } = runner) runner.flush(due, sink);
  };
}

function lookingAt(looks: readonly number[], runner: RouteRunner, sink: RouteSink): (until: Instant) => void {
  const ahead = looks.toSorted((left, right) => left - right);
  return (until) => {
    for (let [next] = ahead; next !== undefined && next < until; [next] = ahead) {
      ahead.shift();
      runner.flush(instant(next), sink);
    }
  };
}
