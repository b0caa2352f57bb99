/**
 * Expressions of routes: CEL with numbers as people mean them.
 *
 * Bare CEL keeps int and double apart, so `value * 2` has no meaning for a reading of 7.5. Here every number
 * that enters is a double, the arithmetic operators also take mixed operands, and integers that an expression
 * makes (BigInt in the library) leave as plain numbers. Whole numbers as written are doubles too, see
 * plain-numbers.ts.
 */
import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";
import { messageOf } from "../kernel/fault.ts";
import { nearest } from "../kernel/nearest.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import { curveWords, gammaCurve, lookedUp, pointCurve, pointsOf, softCurve } from "./helper-functions.ts";
import { otherEnds, withAnyNulls } from "./letting-go.ts";
import { withPlainNumbers } from "./plain-numbers.ts";
import { faultAsWritten, type VariableTypes } from "./as-written.ts";
import { slowPart } from "./running-time.ts";
import { cborItemsMax, valueDepthMax } from "../wire/limits.ts";
import type { Value } from "../wire/value.ts";

/** What an expression can speak of. */
export interface Variables {
  readonly value: Value;
  /** UCUM code of the output, or the empty text. */
  readonly unit: string;
  /** 0 good, 1 stale, 2 bad. */
  readonly quality: number;
  /** The output it comes from, `node/instance/output`. */
  readonly from: string;
}

export interface ExpressionFault {
  readonly message: string;
  /** Where in the text, in characters from its beginning. */
  readonly offset: number;
  /** What would be right, when we know. */
  readonly hint?: string;
}

export interface Expression<Given = Variables> {
  readonly source: string;
  /** CEL's name for what it gives, whatever the value: `double`, `bool`, `string` …; `dyn` when that depends. */
  readonly gives: string;
  /** One of its branches is `null`, as it is written: with that a route lets go. `gives` is what the others give. */
  readonly letsGo: boolean;
  /** The result, or why there is none: a type that does not fit this value, a division by zero. */
  evaluate(variables: Given): Result<Value, string>;
}

/** Compiles once. Refuses what cannot be right whatever the value: syntax, unknown names, types. */
export type Compile<Given> = (source: string) => Result<Expression<Given>, ExpressionFault>;

type Numeric = number | bigint;

const arithmetic = {
  "+": (left: Numeric, right: Numeric) => Number(left) + Number(right),
  "-": (left: Numeric, right: Numeric) => Number(left) - Number(right),
  "*": (left: Numeric, right: Numeric) => Number(left) * Number(right),
  "/": (left: Numeric, right: Numeric) => Number(left) / Number(right),
  "%": (left: Numeric, right: Numeric) => Number(left) % Number(right),
} as const;

const ofRoutes = {
  value: "dyn",
  unit: "string",
  quality: "double",
  from: "string",
} as const satisfies Record<keyof Variables, string>;

/** Each with its parameters, for hints; all take and give numbers. */
const numeric = {
  round: ["value"],
  floor: ["value"],
  ceil: ["value"],
  abs: ["value"],
  min: ["left", "right"],
  max: ["left", "right"],
  clamp: ["value", "least", "most"],
  scale: ["value", "from least", "from most", "to least", "to most"],
} as const;

/** With those that take more than numbers. */
const functions = {
  ...numeric,
  curve: ["value", 'gamma, "s" or points'],
  lookup: ["value", "map or list", "otherwise"],
} as const;

const implementations: Record<keyof typeof numeric, (...given: number[]) => number> = {
  round: (value = 0) => Math.round(value),
  floor: (value = 0) => Math.floor(value),
  ceil: (value = 0) => Math.ceil(value),
  abs: (value = 0) => Math.abs(value),
  min: (left = 0, right = 0) => Math.min(left, right),
  max: (left = 0, right = 0) => Math.max(left, right),
  clamp: (value = 0, least = 0, most = 0) => Math.min(Math.max(value, least), most),
  /** Maps one range on another and stays inside it; the target may run downwards. */
  scale: (value = 0, fromLeast = 0, fromMost = 0, toLeast = 0, toMost = 0) => {
    const share = Math.min(Math.max((value - fromLeast) / (fromMost - fromLeast), 0), 1);
    return toLeast + share * (toMost - toLeast);
  },
};

function makeEnvironment(types: VariableTypes): Environment {
  const made = new Environment({ homogeneousAggregateLiterals: false });
  for (const [name, type] of Object.entries(types))
    made.registerVariable(name, typeof type === "string" ? type : "dyn");
  for (const [operator, compute] of Object.entries(arithmetic)) {
    made.registerOperator(`double ${operator} int`, compute);
    made.registerOperator(`int ${operator} double`, compute);
  }
  made.registerOperator("double % double", arithmetic["%"]);
  // The other way round and for `dyn` the library has it; `!=` follows.
  made.registerOperator("double == int", (left: Numeric, right: Numeric) => Number(left) === Number(right));
  registerCurve(made);
  made.registerFunction("lookup(dyn, dyn, dyn): dyn", lookedUp);
  for (const [name, parameters] of Object.entries(numeric)) {
    const compute = implementations[name as keyof typeof numeric];
    made.registerFunction(
      `${name}(${parameters.map(() => "dyn").join(", ")}): double`,
      (...given: unknown[]) => compute(...given.map((each) => asNumber(name, each))),
    );
  }
  return made;
}

function registerCurve(made: Environment): void {
  const refuse = (): never => {
    throw new EvaluationError(`curve() takes ${curveWords}`);
  };
  made
    .registerFunction("curve(dyn, double): double", (value: unknown, gamma: number) =>
      gamma > 0 ? gammaCurve(asNumber("curve", value), gamma) : refuse(),
    )
    .registerFunction("curve(dyn, string): double", (value: unknown, name: string) =>
      name === "s" ? softCurve(asNumber("curve", value)) : refuse(),
    )
    .registerFunction("curve(dyn, list): double", (value: unknown, list: unknown) => {
      const points = pointsOf(list);
      return points === undefined ? refuse() : pointCurve(asNumber("curve", value), points);
    });
}

function asNumber(name: string, given: unknown): number {
  if (typeof given === "number" || typeof given === "bigint") return Number(given);
  throw new EvaluationError(
    `${name}() takes numbers, not ${typeof given === "string" ? "a text" : typeof given}`,
  );
}

/** Expressions over these variables. To be made once, and not for every expression. `mayLetGo`: branches may be null. */
export function compilerFor<Given extends object>(types: VariableTypes, mayLetGo = false): Compile<Given> {
  const environment = makeEnvironment(types);
  return (source) => {
    const plain = withPlainNumbers(source);
    let offsetInSource = plain.offsetInSource;
    try {
      const first = environment.parse(plain.text);
      const nulled = mayLetGo ? withAnyNulls(plain.text, first.ast) : undefined;
      if (nulled !== undefined)
        offsetInSource = (offset) => plain.offsetInSource(nulled.offsetBefore(offset));
      const parsed = nulled === undefined ? first : environment.parse(nulled.text);
      const checked = parsed.check();
      if (!checked.valid) return failed(faultOf(offsetInSource, checked.error, types));
      const others = mayLetGo ? otherEnds(parsed.ast) : undefined;
      const given = others === undefined ? checked : environment.check(others);
      if (!given.valid) return failed({ ...faultOf(offsetInSource, given.error, types), offset: 0 });
      const fault = faultAsWritten(parsed.ast, types);
      if (fault !== undefined) return failed({ ...fault, offset: offsetInSource(fault.offset) });
      const slow = slowPart(parsed.ast);
      if (slow !== undefined) {
        const { message, hint, node } = slow;
        return failed({ message, hint, offset: offsetInSource(node.start) });
      }
      return ok({
        source,
        gives: String(given.type),
        letsGo: others !== undefined,
        evaluate: (variables) => evaluate(parsed, variables),
      });
    } catch (error) {
      return failed(faultOf(offsetInSource, error, types));
    }
  };
}

/** Compiles an expression of a route. */
export const compileExpression = compilerFor<Variables>(ofRoutes, true);

function evaluate(run: (context: object) => unknown, variables: object): Result<Value, string> {
  try {
    const result = run(variables);
    // What comes most, without more ado.
    if (typeof result === "boolean" || (typeof result === "number" && Number.isFinite(result)))
      return ok(result);
    return ok(new Plain().value(result));
  } catch (error) {
    return failed(summaryOf(error));
  }
}

/** Turns the library's results into values of ours. */
class Plain {
  #items = 0;

  value(result: unknown, depth = 0): Value {
    switch (typeof result) {
      case "bigint":
        return Number(result);
      case "number":
        if (Number.isFinite(result)) return result;
        throw new EvaluationError("the result is not a number");
      case "boolean":
      case "string":
        return result;
      case "object":
        return result === null || result instanceof Uint8Array ? result : this.#container(result, depth + 1);
      default:
        throw new EvaluationError(`a result of type ${typeof result} cannot be sent`);
    }
  }

  #container(result: object, depth: number): Value {
    if (depth > valueDepthMax) throw new EvaluationError("the result is nested too deeply");
    if (Array.isArray(result)) return result.map((each) => this.#item(each, depth));
    const prototype: unknown = Object.getPrototypeOf(result);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new EvaluationError(
        "the result is a time, a type or another thing that cannot be sent: make it a number or a text",
      );
    }
    return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, this.#item(value, depth)]));
  }

  /** A list may hold one list many times: what that is altogether is more than anybody could send. */
  #item(item: unknown, depth: number): Value {
    this.#items += 1;
    if (this.#items > cborItemsMax) throw new EvaluationError("the result is too large");
    return this.value(item, depth);
  }
}

function isCelError(error: unknown): error is ParseError | EvaluationError | CelTypeError {
  return error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError;
}

const summaryOf = (error: unknown): string => (isCelError(error) ? error.summary : messageOf(error));

function faultOf(
  offsetInSource: (offset: number) => number,
  error: unknown,
  types: VariableTypes,
): ExpressionFault {
  const message = summaryOf(error);
  const offset = isCelError(error) ? (error.range?.start ?? 0) : 0;
  const hint = isCelError(error) ? hintFor(error.code, message, Object.keys(types)) : undefined;
  return { message, offset: offsetInSource(offset), ...(hint === undefined ? {} : { hint }) };
}

function hintFor(code: string, message: string, variableNames: readonly string[]): string | undefined {
  switch (code) {
    case "unknown_variable": {
      const name = /Unknown variable: (\S+)/.exec(message)?.[1] ?? "";
      return (
        nearest(name, [...variableNames, ...Object.keys(functions)]) ??
        `there are ${variableNames.join(", ")}`
      );
    }
    case "no_matching_overload":
      return hintForCall(/overload for '(\w+)\(/.exec(message)?.[1] ?? "");
    case "incompatible_ternary_branches":
      return "write both branches as the same kind, such as 1.0 and 0.5";
    case "unexpected_token":
      return message.includes("EOF") ? "the expression ends too early" : undefined;
    default:
      return undefined;
  }
}

function hintForCall(name: string): string {
  const parameters = Object.entries(functions).find(([known]) => known === name)?.[1];
  if (parameters !== undefined) return `write ${name}(${parameters.join(", ")})`;
  return nearest(name, Object.keys(functions)) ?? `there are ${Object.keys(functions).join(", ")}`;
}
