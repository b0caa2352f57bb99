/** From an operator as it stands in a route to the step that does it. */
import { unreachable } from "../../kernel/assert.ts";
import { ok, type Result } from "../../kernel/result.ts";
import type { Operator } from "../../wire/messages/operator.ts";
import { compileExpression, type Expression, type ExpressionFault } from "../expression.ts";
import { variablesOf } from "../sample.ts";
import { Deadband } from "./deadband.ts";
import { Debounce } from "./debounce.ts";
import { Delay } from "./delay.ts";
import { Hold } from "./hold.ts";
import { Hysteresis } from "./hysteresis.ts";
import type { Stage } from "./stage.ts";
import { Throttle } from "./throttle.ts";
import { Window } from "./window.ts";

/** A step that begins anew, or what is wrong with its expression. */
export function makeStage(operator: Operator): Result<Stage, ExpressionFault> {
  switch (operator.kind) {
    case "throttle":
      return ok(new Throttle(operator.span));
    case "debounce":
      return ok(new Debounce(operator.span));
    case "hold":
      return ok(new Hold(operator.span));
    case "delay":
      return ok(new Delay(operator.span));
    case "window":
      return ok(new Window(operator.span, operator.give));
    case "hysteresis":
      return ok(new Hysteresis(operator));
    case "deadband":
      return ok(new Deadband(operator.by));
    case "when":
      return compiled(operator.expression, whenStage);
    case "map":
      return compiled(operator.expression, mapStage);
    default:
      return unreachable(operator);
  }
}

function compiled(
  source: string,
  stageOf: (expression: Expression) => Stage,
): Result<Stage, ExpressionFault> {
  const expression = compileExpression(source);
  return expression.ok ? ok(stageOf(expression.value)) : expression;
}

/** Lets pass what fulfils the condition. */
const whenStage = (condition: Expression): Stage => ({
  due: undefined,
  take(sample, at, give) {
    const result = condition.evaluate(variablesOf(sample));
    if (!result.ok) return result.error;
    if (typeof result.value !== "boolean") return "the result is not true or false";
    if (result.value) give(sample, at);
    return undefined;
  },
  wake: () => undefined,
});

/** Makes another value of each. */
const mapStage = (mapping: Expression): Stage => ({
  due: undefined,
  take(sample, at, give) {
    const result = mapping.evaluate(variablesOf(sample));
    if (!result.ok) return result.error;
    give({ ...sample, value: result.value }, at);
    return undefined;
  },
  wake: () => undefined,
});
