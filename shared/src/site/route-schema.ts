/** A route as people write it, in `routes.yaml` and in a site file, and what is made of it. */
import * as z from "zod";
import { parseDuration } from "../kernel/duration.ts";
import type { Millis } from "../kernel/units.ts";
import { compileExpression } from "../routing/expression.ts";
import { laneOfName, lane as laneNumber, lanes } from "../wire/lanes.ts";
import { durationMax, expressionLengthMax, ttlDefault } from "../wire/limits.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import { isName, nameFrom, parseSiteAddress } from "../wire/names.ts";
import { isOutputFilter } from "../wire/output-filter.ts";
import { inputAddressOf } from "./fixtures/fixture-names.ts";
import { operatorsOf, throughField } from "./route-operators.ts";
import {
  compiledTarget,
  type Goals,
  groupTarget,
  sceneTarget,
  targetAddress,
  targetWords,
} from "./route-target.ts";

export const nameWords = "a name is a-z, 0-9, - and _, at most 63 characters";
const sourceWords =
  "an address is node/instance/port, such as demo/sim/distance; a filter over several has + or #, as +/sim/distance or demo/#";
const sourceField = z.string(sourceWords).refine(isOutputFilter, sourceWords);
const addressWords = "an address is node/instance/port, such as demo/sim/distance";
const durationWords = "a duration has a unit, such as 50ms, 2s or 1m";

export const nameField = z.string(nameWords).superRefine((text, context) => {
  if (isName(text)) return;
  const near = nameFrom(text.replaceAll(" ", "-"));
  const params = isName(near) ? { hint: `such as ${near}` } : {};
  context.addIssue({ code: "custom", message: nameWords, params });
});
/** What a scene sets; a fixture's input with a dot as well, such as `foyer/stage/spot.pan`. */
export const sceneInputField = z
  .string(addressWords)
  .refine((text) => parseSiteAddress(inputAddressOf(text)).ok, addressWords);

const expression = z.coerce
  .string()
  .max(expressionLengthMax)
  .superRefine((source, context) => {
    const compiled = source.length > expressionLengthMax ? undefined : compileExpression(source);
    if (compiled === undefined || compiled.ok) return;
    const { message, ...params } = compiled.error;
    context.addIssue({ code: "custom", message, params });
  });

const condition = expression.superRefine((source, context) => {
  const compiled = source.length > expressionLengthMax ? undefined : compileExpression(source);
  if (compiled?.ok !== true || !compiled.value.letsGo) return;
  const params = { hint: "write false in the place of null" };
  context.addIssue({ code: "custom", message: "when is true or false, and this may be null", params });
});

/** A number without a unit is told of its unit, not of quotes. */
export const durationField = z.coerce
  .string()
  .meta({ pattern: String.raw`^\s*\d+(\.\d+)?(ms|s|m|h)\s*$|\$\{` })
  .transform((text, context): Millis => {
    const parsed = parseDuration(text);
    if (parsed.ok && parsed.value <= durationMax) return parsed.value;
    const isBare = /^\d+(\.\d+)?$/.test(text.trim());
    const params = isBare ? { hint: `with its unit: ${text}s, or ${text}ms` } : {};
    context.addIssue({ code: "custom", message: parsed.ok ? "at most 24h" : durationWords, params });
    return z.NEVER;
  });

export const routeSchema = z.strictObject(
  {
    name: nameField.describe("Unique in the site, for people."),
    from: sourceField.describe("The output it follows: node/instance/output; + and # stand for several."),
    to: z
      .union([targetAddress, groupTarget(expression), sceneTarget], targetWords)
      .describe(
        "The input it sets: node/instance/input, the same input of a group of nodes, or a scene that true recalls and false lets go.",
      ),
    when: condition.optional().describe("Only while this is true, in CEL, such as value > 0.5."),
    map: expression
      .optional()
      .describe(
        "What becomes of the value, in CEL, such as scale(value, 0, 4, 1, 0); null lets go of the input.",
      ),
    ttl: durationField.optional().describe("How long a value is worth delivering, such as 2s."),
    lane: z.enum(lanes).optional().describe("How urgent it is; telemetry when nothing is said."),
    throttle: durationField.optional().describe("At most one value in this time, such as 50ms."),
    budget: durationField
      .refine((span) => span > 0, "more than nothing, such as 20ms")
      .optional()
      .describe("What 99 of 100 values shall take to their target; measured, and told."),
    through: throughField({ duration: durationField, expression, condition })
      .optional()
      .describe("Steps over time between when and map, each one operator."),
  },
  "a route is a map with at least name, from and to",
);

export type WrittenRoute = z.infer<typeof routeSchema>;

export function compiledRoute(written: WrittenRoute, goals: Goals): CompiledRoute {
  return {
    name: written.name,
    from: written.from,
    ...compiledTarget(written.to, goals),
    ttl: written.ttl ?? ttlDefault,
    lane: (written.lane === undefined ? undefined : laneOfName(written.lane)) ?? laneNumber.telemetry,
    ...(written.when === undefined ? {} : { when: written.when }),
    ...(written.map === undefined ? {} : { map: written.map }),
    ...(written.throttle === undefined ? {} : { throttle: written.throttle }),
    ...(written.budget === undefined ? {} : { budget: written.budget }),
    ...(written.through === undefined || written.through.length === 0
      ? {}
      : { through: operatorsOf(written.through) }),
  };
}
