/** Arguments as they are written in an expression: what cannot be right whatever the value is told before it runs. */
import type { ASTNode } from "@marcbachmann/cel-js";
import { curveWords, isTable, pointsOf } from "./helper-functions.ts";

export interface WrittenFault {
  readonly message: string;
  readonly hint: string;
  /** In the text that was parsed. */
  readonly offset: number;
}

/** The first argument of a helper function that no value can make right. */
export function faultInArguments(node: ASTNode): WrittenFault | undefined {
  if (node.op === "call") {
    const [name, [, second]] = node.args;
    const words = second === undefined ? undefined : wordsFor(name, literalOf(second));
    if (words !== undefined) return { ...words, offset: second?.start ?? node.start };
  }
  for (const child of childrenOf(node.args)) {
    const fault = faultInArguments(child);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const unknownYet = Symbol("depends on the value");

function wordsFor(name: string, given: unknown): Pick<WrittenFault, "message" | "hint"> | undefined {
  if (given === unknownYet) return undefined;
  if (name === "lookup") {
    if (isTable(given)) return undefined;
    const hint = 'write lookup(value, {"red": 0.1}, 0), or a list in place of the map';
    return { message: "lookup() takes a map or a list", hint };
  }
  if (name !== "curve") return undefined;
  const isGamma = typeof given === "number" && given > 0;
  if (isGamma || given === "s" || pointsOf(given) !== undefined) return undefined;
  return { message: `${typeof given === "string" ? `"${given}"` : "this"} is no curve`, hint: curveWords };
}

function literalOf(node: ASTNode): unknown {
  switch (node.op) {
    case "value":
      return typeof node.args === "bigint" ? Number(node.args) : node.args;
    case "-_": {
      const number = literalOf(node.args);
      return typeof number === "number" ? -number : number;
    }
    case "list": {
      const items = node.args.map(literalOf);
      return items.includes(unknownYet) ? unknownYet : items;
    }
    // What is in a map makes no difference to whether it is one.
    case "map":
      return {};
    default:
      return unknownYet;
  }
}

function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return isNode(args) ? [args] : [];
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === "object" && value !== null && "op" in value && "args" in value;
