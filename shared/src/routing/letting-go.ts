/**
 * `null` in an expression lets go: `value ? 1.0 : null` drives an input while the value is true, and then leaves it to
 * whoever is beneath. CEL wants both branches of one type, and has null apart from all others; so a `null` that
 * stands there is written as `dyn(null)` before CEL checks it, and what the other branches give is found out apart from it.
 */
import { type ASTNode, parse, serialize } from "@marcbachmann/cel-js";
import { childrenOf } from "./loop-cost.ts";

const before = "dyn(";
const after = ")";

export interface AnyNulls {
  readonly text: string;
  /** Where a place in `text` stands in what was given. */
  readonly offsetBefore: (offset: number) => number;
}

/** Writes every `null` that is a branch of `?:` so that it may stand there. `undefined`: there is none. */
export function withAnyNulls(text: string, parsed: ASTNode): AnyNulls | undefined {
  const nulls = nullsIn(parsed).toSorted((left, right) => left.start - right.start);
  if (nulls.length === 0) return undefined;
  let written = "";
  let copied = 0;
  for (const { start, end } of nulls) {
    written += `${text.slice(copied, start)}${before}${text.slice(start, end)}${after}`;
    copied = end;
  }
  return {
    text: written + text.slice(copied),
    offsetBefore: (offset) => {
      let back = offset;
      for (const { start, end } of nulls) {
        if (back <= start) break;
        back = Math.max(start, back - before.length);
        if (back > end) back = Math.max(end, back - after.length);
      }
      return back;
    },
  };
}

const isNull = (node: ASTNode): boolean => node.op === "value" && node.args === null;

function nullsIn(node: ASTNode): readonly ASTNode[] {
  const own = node.op === "?:" ? node.args.slice(1).filter(isNull) : [];
  return [...own, ...childrenOf(node.args).flatMap(nullsIn)];
}

/**
 * Where one of the branches is `null`: an expression of the type that the others have. `undefined`: none is. `node` is parsed
 * from what `withAnyNulls` wrote.
 */
export function otherEnds(node: ASTNode): string | undefined {
  const ends = branchesOf(node);
  const others = ends.filter((end) => !isNull(end) && !isAnyNull(end));
  if (others.length === ends.length) return undefined;
  return others
    .map((other) => `(${serialize(other)})`)
    .reduce((all, other) => (all === "null" ? other : `(true ? ${all} : ${other})`), "null");
}

function branchesOf(node: ASTNode): readonly ASTNode[] {
  return node.op === "?:" ? node.args.slice(1).flatMap(branchesOf) : [node];
}

const isAnyNull = (node: ASTNode): boolean =>
  node.op === "call" && node.args[0] === "dyn" && node.args[1].every(isNull);

/** `condition ? other : null`, taken apart. `undefined`: it is something else. */
export function asCondition(source: string): { readonly when: string; readonly map: string } | undefined {
  const { ast } = parse(source);
  if (ast.op !== "?:") return undefined;
  const [condition, yes, no] = ast.args;
  const isNothing = (node: ASTNode): boolean => isNull(node) || isAnyNull(node);
  if (isNothing(yes) === isNothing(no)) return undefined;
  const isTurned = isNothing(yes);
  const other = isTurned ? no : yes;
  const when = serialize(condition);
  const isPlain = condition.op === "id";
  return { when: isTurned ? `!${isPlain ? when : `(${when})`}` : when, map: serialize(other) };
}
