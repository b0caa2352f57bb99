/** What is wrong with a site, for programs and for people. */
import { excerptLengthMax } from "./limits.ts";
import { type Problem, problemLine } from "./yaml-text.ts";

export interface SiteProblem extends Problem {
  /** As it was given, or included. */
  readonly file: string;
}

/** The source of a line, to be shown. */
export type LineOf = (file: string, line: number) => string;

/**
 * For a terminal: where and what, the line with a caret under the place, and what would be right.
 * ```
 * site.yaml:12:15: nodes.hall.instances.dmx.settings.universe: at most 63999
 *     12 |         universe: 70000
 *        |                   ^
 *        = did you mean …
 * ```
 */
export function problemReport(problem: SiteProblem, lineOf: LineOf): readonly string[] {
  const { hint, ...rest } = problem;
  const line = lineOf(problem.file, problem.line);
  const number = String(problem.line).padStart(6);
  const blank = " ".repeat(number.length);
  const { text, caret } = excerpt(line, problem.column);
  return [
    problemLine(problem.file, rest),
    ...(line === "" ? [] : [`${number} | ${text}`, `${blank} | ${" ".repeat(caret)}^`]),
    ...(hint === undefined ? [] : [`${blank} = ${hint}`]),
  ];
}

/** The part of a long line that the caret points at. A tab would move the caret: it is one space here. */
function excerpt(line: string, column: number): { readonly text: string; readonly caret: number } {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  const harmless = line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, " ");
  const from = Math.max(0, Math.min(column - 1 - excerptLengthMax / 2, harmless.length - excerptLengthMax));
  const text = harmless.slice(from, from + excerptLengthMax);
  return { text: text.trimEnd(), caret: Math.max(0, Math.min(column - 1 - from, excerptLengthMax)) };
}

/** In the order of files and lines; a problem that is told twice is told once. */
export function inOrder(problems: readonly SiteProblem[], files: readonly string[]): readonly SiteProblem[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  const told = new Map(problems.map((each) => [JSON.stringify(each), each]));
  return [...told.values()].toSorted(
    (left, right) =>
      (rank.get(left.file) ?? 0) - (rank.get(right.file) ?? 0) ||
      left.line - right.line ||
      left.column - right.column,
  );
}
