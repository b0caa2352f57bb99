/** The pattern of a line, and everything that can be wrong with one. */
import { messageOf } from "@interactor/shared/sdk/define-module";
import { patternStepsMax } from "./limits.ts";
import { patternCost } from "@interactor/shared/sdk/patterns";

/** The pattern stands for the whole line: a pattern that may begin anywhere finds 2.5 in a torn 12.5. */
export const wholeLine = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, "u");

export interface PatternUse {
  readonly lineBytesMax: number;
  /** The named groups that outputs are taken from. */
  readonly groups: readonly string[];
}

/** Why `pattern` cannot be used, in words for the person who wrote it; `undefined` when it can. */
export function patternProblem(pattern: string, use: PatternUse): string | undefined {
  try {
    // Alone, so that "a)|(b" does not pass for being put into brackets.
    RegExp(pattern, "u");
  } catch (thrown) {
    return messageOf(thrown);
  }
  const groups = Object.keys(new RegExp(`${pattern}|`, "u").exec("")?.groups ?? {});
  const missing = use.groups.find((group) => !groups.includes(group));
  if (missing !== undefined) return `the pattern has no group (?<${missing}>…)`;
  const cost = patternCost(pattern, use.lineBytesMax);
  if (cost.kind === "refused") return cost.reason;
  if (cost.steps <= patternStepsMax) return undefined;
  return (
    `a line of ${use.lineBytesMax} bytes can take ${cost.steps.toPrecision(1)} steps to match: say what a value ` +
    "is made of ([^,]* instead of .*), use fewer * and +, or set a smaller lineBytesMax"
  );
}
