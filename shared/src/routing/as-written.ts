/** An expression as it is written: what cannot be right whatever the value is told before it runs. */
import type { ASTNode } from "@marcbachmann/cel-js";
import { nearest } from "../kernel/nearest.ts";
import { curveWords, isTable, pointsOf } from "./helper-functions.ts";

/** By name, what expressions of one kind can speak of: of any type, or of these; or a map that has these keys. */
export type VariableTypes = Readonly<Record<string, "dyn" | "string" | "double" | readonly string[]>>;

export interface WrittenFault {
  readonly message: string;
  readonly hint: string;
  /** In the text that was parsed. */
  readonly offset: number;
}

/** The first argument of a helper function, or key of a map of variables, that no value can make right. */
export function faultAsWritten(node: ASTNode, types: VariableTypes): WrittenFault | undefined {
  const own = faultInArguments(node) ?? faultInKey(node, types);
  if (own !== undefined) return own;
  for (const child of childrenOf(node.args)) {
    const fault = faultAsWritten(child, types);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultInArguments(node: ASTNode): WrittenFault | undefined {
  if (node.op !== "call") return undefined;
  const [name, [, second]] = node.args;
  const words = second === undefined ? undefined : wordsFor(name, literalOf(second));
  return words === undefined ? undefined : { ...words, offset: second?.start ?? node.start };
}

/** `inputs.visitr` or `inputs["visitr"]`. */
function faultInKey(node: ASTNode, types: VariableTypes): WrittenFault | undefined {
  if (node.op !== "." && node.op !== "[]") return undefined;
  const [map, named] = node.args;
  const keys = map.op === "id" ? types[map.args] : undefined;
  const key = typeof named === "string" ? named : literalOf(named);
  if (map.op !== "id" || keys === undefined || typeof keys === "string") return undefined;
  if (typeof key !== "string" || keys.includes(key)) return undefined;
  const hint = nearest(key, keys) ?? (keys.length === 0 ? "there are none" : `there are ${keys.join(", ")}`);
  return { message: `${map.args} has no "${key}"`, hint, offset: node.start };
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
