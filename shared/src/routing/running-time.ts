/**
 * What would make an expression run for seconds on some value, and everything else of its process wait. The language
 * has no other loops than these, so what is left takes about as long as its value is large:
 *
 * - a pattern that tries again and again, or that nobody knows before the value comes;
 * - a loop inside a loop, unless the inner one goes over what the outer one holds at the time, as in
 *   `value.exists(room, room.lamps.exists(lamp, lamp.on))`;
 * - loops that multiply what they go over, see loop-cost.ts.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { messageOf } from "../kernel/fault.ts";
import { textLengthMax } from "../wire/limits.ts";
import { childrenOf, type CostlyPart, costlyPart, loopNames } from "./loop-cost.ts";
import { patternCost } from "./pattern-cost.ts";

/** Steps that a pattern may take on the longest text: some 30 ms. One that tries every place from every place takes more. */
const patternStepsMax = 10_000_000;

export interface SlowPart {
  readonly message: string;
  readonly hint: string;
  /** The node that would be slow. */
  readonly node: ASTNode;
}

/** Steps of a pattern take so much less time than those of an expression. */
const patternStepsPerStep = 20;

const costWords = {
  steps: {
    message: "the loops here can take very long together",
    hint: "write shorter lists, fewer loops inside each other, or loop over what the value has",
  },
  depth: {
    message: "too many loops inside each other",
    hint: "loop over what the value has, or make two routes of it",
  },
  list: {
    message: "+ in a loop, of what may be lists, can take very long",
    hint: "when these are numbers say so, such as double(value.offset); a list is made by map() and filter()",
  },
} as const satisfies Record<CostlyPart["why"], Omit<SlowPart, "node">>;

export function slowPart(node: ASTNode): SlowPart | undefined {
  const slow = slowAlone(node);
  if (slow !== undefined) return slow;
  const costly = costlyPart(node, patternSteps);
  return costly && { ...costWords[costly.why], node: costly.node };
}

/** `within`: the variable of the loop that the node stands in. */
function slowAlone(node: ASTNode, within?: string): SlowPart | undefined {
  if (node.op === "rcall" && node.args[0] === "matches") {
    const slow = slowPattern(node.args[2][0] ?? node);
    if (slow !== undefined) return slow;
  }
  const over = loopedOver(node);
  if (over === undefined)
    return childrenOf(node.args)
      .map((child) => slowAlone(child, within))
      .find(isThere);
  if (within !== undefined && over.source.op !== "list" && rootOf(over.source) !== within) {
    const hint = `loop over what ${within} has, or over a list that stands there`;
    return { message: "a loop over a value inside another loop can take very long", hint, node };
  }
  // A list that stands there is short: whoever is inside it is as free as outside.
  const inside = over.source.op === "list" ? within : (over.variable ?? within);
  const inner = over.body.map((child) => slowAlone(child, inside));
  return [slowAlone(over.source, within), ...inner].find(isThere);
}

interface Loop {
  readonly source: ASTNode;
  /** `undefined`: it has none, as `in` looks through a list. */
  readonly variable: string | undefined;
  readonly body: readonly ASTNode[];
}

function loopedOver(node: ASTNode): Loop | undefined {
  if (node.op === "in") return { source: node.args[1], variable: undefined, body: [node.args[0]] };
  if (node.op !== "rcall") return undefined;
  const [name, source, [variable, ...body]] = node.args;
  if (!loopNames.includes(name) || variable?.op !== "id") return undefined;
  return { source, variable: variable.args, body };
}

/** The variable that a value is taken from: `room` of `room.lamps[0]`. */
function rootOf(node: ASTNode): string | undefined {
  switch (node.op) {
    case "id":
      return node.args;
    case ".":
    case "[]":
      return rootOf(node.args[0]);
    default:
      return undefined;
  }
}

function slowPattern(node: ASTNode): SlowPart | undefined {
  const pattern: unknown = node.op === "value" ? node.args : undefined;
  if (typeof pattern !== "string") {
    const hint = 'write the pattern as a text, such as value.matches("^[a-z]+$")';
    return { message: "matches() takes a pattern that stands there", hint, node };
  }
  try {
    RegExp(pattern, "u");
  } catch (error) {
    return { message: messageOf(error), hint: "a pattern is a regular expression of JavaScript", node };
  }
  const cost = patternCost(pattern, textLengthMax);
  if (cost.kind === "steps" && cost.steps <= patternStepsMax) return undefined;
  const message = cost.kind === "refused" ? cost.reason : "the pattern can take very long on a long text";
  return { message, hint: "say what a part is made of ([^,]* instead of .*), and use fewer * and +", node };
}

/** Steps of an expression that `matches` takes on the longest text. */
function patternSteps(node: ASTNode): number {
  const [pattern] = node.op === "rcall" && node.args[0] === "matches" ? node.args[2] : [];
  if (pattern?.op !== "value" || typeof pattern.args !== "string") return 0;
  const cost = patternCost(pattern.args, textLengthMax);
  return cost.kind === "steps" ? cost.steps / patternStepsPerStep : 0;
}

const isThere = (slow: SlowPart | undefined): slow is SlowPart => slow !== undefined;
