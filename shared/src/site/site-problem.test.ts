import { expect, test } from "vitest";
import { inOrder, problemReport, type SiteProblem } from "./site-problem.ts";

const problem = (given: Partial<SiteProblem> = {}): SiteProblem => ({
  file: "site.yaml",
  line: 3,
  column: 5,
  path: "mode",
  message: "there is no mode",
  ...given,
});

test("a report has the place, the line with a caret, and what would be right", () => {
  expect(problemReport(problem({ hint: "did you mean open?" }), () => "ab: cd")).toEqual([
    "site.yaml:3:5: mode: there is no mode",
    "     3 | ab: cd",
    "       |     ^",
    "       = did you mean open?",
  ]);
});

test("of a long line the part around the caret is shown", () => {
  const line = `${"a".repeat(500)}X${"b".repeat(500)}`;

  const [, shown = "", caret = ""] = problemReport(problem({ column: 501 }), () => line);

  expect(shown.length).toBeLessThan(120);
  expect(shown[caret.indexOf("^")]).toBe("X");
});

test("a line cannot move the cursor of whoever reads it, and the caret stays where it belongs", () => {
  const [, shown = "", caret = ""] = problemReport(problem(), () => "\t\u001b[2J\u202eX");

  expect(shown).toBe("     3 |   [2J X");
  expect(caret).toBe("       |     ^");
});

test("problems stand in the order of files and lines, and each once", () => {
  const first = problem({ line: 9 });
  const included = problem({ file: "hall.yaml", line: 1 });

  expect(inOrder([included, first, problem({ line: 2 }), first], ["site.yaml", "hall.yaml"])).toEqual([
    problem({ line: 2 }),
    first,
    included,
  ]);
});
