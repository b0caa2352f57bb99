/** What a route does with values in the course of time, a step each, as it stands in a compiled route. */
import * as z from "zod/mini";
import { millis } from "../../kernel/units.ts";
import { durationMax, expressionLengthMax, operatorSpanMin } from "../limits.ts";

/** Of an operator: never nothing, or it would be due again and again in one instant. */
const span = z.pipe(
  z.number().check(z.gte(operatorSpanMin), z.lte(durationMax)),
  z.transform((value) => millis(value)),
);
const expression = z.string().check(z.maxLength(expressionLengthMax));

/** What a window gives of the values in it; `rate` is in values a second. */
export const aggregates = ["avg", "min", "max", "count", "rate"] as const;

export const operator = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("throttle"), span }),
  z.object({ kind: z.literal("debounce"), span }),
  z.object({ kind: z.literal("hold"), span }),
  z.object({ kind: z.literal("delay"), span }),
  z.object({ kind: z.literal("window"), span, give: z.enum(aggregates) }),
  z.object({ kind: z.literal("hysteresis"), on: z.number(), off: z.number() }),
  z.object({ kind: z.literal("deadband"), by: z.number().check(z.positive()) }),
  z.object({ kind: z.literal("when"), expression }),
  z.object({ kind: z.literal("map"), expression }),
]);

export type Operator = z.infer<typeof operator>;
export type Aggregate = (typeof aggregates)[number];
