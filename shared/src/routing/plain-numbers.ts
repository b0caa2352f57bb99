/**
 * In a route numbers are numbers: `1 / 2` is a half. CEL takes `1` for an integer and divides integers to
 * integers, which made `value * (1 / 255)` a silent 0. So integer literals are written as doubles before CEL
 * sees them, except where it wants an integer: an index, the key of a map, an argument of a method.
 */

export interface PlainNumbers {
  readonly text: string;
  /** Where a place in `text` stands in the source. */
  readonly offsetInSource: (offset: number) => number;
}

const suffix = ".0";
/** Comments, strings, names, numbers in any form, and single signs. */
const tokens =
  /\/\/[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|0[xX][\dA-Fa-f]+[uU]?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?|\S/g;

/** What a bracket that is open holds. */
type Inside = "index" | "map" | "method" | "other";

export function withPlainNumbers(source: string): PlainNumbers {
  const insertedAt: number[] = [];
  const open: Inside[] = [];
  let text = "";
  let copied = 0;
  let before = "";
  let beforeThat = "";
  for (const { 0: token, index } of source.matchAll(tokens)) {
    if (token.startsWith("//")) continue;
    if (/^\d+$/.test(token) && !isWantedWhole(open.at(-1), before)) {
      const end = index + token.length;
      text += source.slice(copied, end) + suffix;
      insertedAt.push(end);
      copied = end;
    }
    if (token === "(" || token === "[" || token === "{") open.push(insideOf(token, before, beforeThat));
    else if (token === ")" || token === "]" || token === "}") open.pop();
    beforeThat = before;
    before = token;
  }
  text += source.slice(copied);
  return { text, offsetInSource: (offset) => backIn(insertedAt, offset) };
}

function isWantedWhole(inside: Inside | undefined, before: string): boolean {
  if (inside === "map") return before === "{" || before === ",";
  return inside === "index" || inside === "method";
}

function insideOf(bracket: string, before: string, beforeThat: string): Inside {
  const followsValue = /[\w)\]"'}]$/.test(before) && before !== "in";
  if (bracket === "{") return "map";
  if (bracket === "[") return followsValue ? "index" : "other";
  return /^[A-Za-z_]/.test(before) && beforeThat === "." ? "method" : "other";
}

function backIn(insertedAt: readonly number[], offset: number): number {
  let back = offset;
  for (const at of insertedAt) {
    if (back <= at) break;
    back = Math.max(at, back - suffix.length);
  }
  return back;
}
