/** The list under `through:` of a route: steps over time, each one operator, in the order in which values pass them. */
import * as z from "zod";
import type { Millis } from "../kernel/units.ts";
import { operatorSpanMin, operatorsMax } from "../wire/limits.ts";
import { type Aggregate, aggregates, type Operator } from "../wire/messages/operator.ts";

const stepWords = "a step is one operator, such as `debounce: 100ms`";
const windowWords = "a window is { over: 10s, give: avg }";
const hysteresisWords = "a hysteresis is { on: 1.0, off: 1.2 }";
const deadbandWords = "a deadband is a number above 0: how far a value must be from the last";

const number = (words: string) => z.number(words).refine(Number.isFinite, words);

/** The schema of `through`, of the parts that a route has elsewhere too. */
export function throughField(parts: {
  readonly duration: z.ZodType<Millis>;
  readonly expression: z.ZodType<string>;
  readonly condition: z.ZodType<string>;
}) {
  const span = parts.duration.refine((span) => span >= operatorSpanMin, "at least 1ms");
  const step = z
    .strictObject(
      {
        throttle: span.optional(),
        debounce: span.optional(),
        hold: span.optional(),
        delay: span.optional(),
        window: z
          .strictObject(
            { over: span, give: z.enum(aggregates, `there are ${aggregates.join(", ")}`) },
            windowWords,
          )
          .optional(),
        hysteresis: z
          .strictObject({ on: number(hysteresisWords), off: number(hysteresisWords) }, hysteresisWords)
          .refine(({ on, off }) => on !== off, "on and off are two thresholds, and not the same")
          .optional(),
        deadband: number(deadbandWords)
          .refine((by) => by > 0, deadbandWords)
          .optional(),
        when: parts.condition.optional(),
        map: parts.expression.optional(),
      },
      stepWords,
    )
    .refine((step) => Object.keys(step).length === 1, {
      message: stepWords,
      // What is wrong inside is told beside it.
      when: ({ issues }) => issues.length === 0,
    });
  return z.array(step, "through is a list of steps").max(operatorsMax, `at most ${operatorsMax} steps`);
}

/** A step as the file has it, checked: exactly one of these is there. */
interface Step {
  readonly throttle?: Millis | undefined;
  readonly debounce?: Millis | undefined;
  readonly hold?: Millis | undefined;
  readonly delay?: Millis | undefined;
  readonly window?: { readonly over: Millis; readonly give: Aggregate } | undefined;
  readonly hysteresis?: { readonly on: number; readonly off: number } | undefined;
  readonly deadband?: number | undefined;
  readonly when?: string | undefined;
  readonly map?: string | undefined;
}

export const operatorsOf = (steps: readonly Step[]): Operator[] => steps.flatMap(operatorOf);

function operatorOf(step: Step): Operator[] {
  for (const kind of ["throttle", "debounce", "hold", "delay"] as const) {
    const span = step[kind];
    if (span !== undefined) return [{ kind, span }];
  }
  for (const kind of ["when", "map"] as const) {
    const expression = step[kind];
    if (expression !== undefined) return [{ kind, expression }];
  }
  const { window, hysteresis, deadband } = step;
  if (window !== undefined) return [{ kind: "window", span: window.over, give: window.give }];
  if (hysteresis !== undefined) return [{ kind: "hysteresis", ...hysteresis }];
  return deadband === undefined ? [] : [{ kind: "deadband", by: deadband }];
}
