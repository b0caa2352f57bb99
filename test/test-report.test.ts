import { expect, test } from "vitest";

import {
  closingLine,
  countTests,
  hasPassed,
  readReport,
  secondTriesMax,
  type TestReport,
} from "./test-report.ts";

function reportOf(...files: readonly (readonly [status: string, ...tests: readonly string[]])[]): TestReport {
  return {
    testResults: files.map(([status, ...tests]) => ({
      status,
      assertionResults: tests.map((each) => ({ status: each })),
    })),
  };
}

test("tests are counted over all files", () => {
  const report = reportOf(["passed", "passed", "passed", "pending"], ["failed", "failed", "todo"]);

  expect(countTests(report)).toEqual({ passed: 2, failed: 1, skipped: 2, secondTries: [] });
});

test("a file that cannot be loaded is a failure", () => {
  expect(countTests(reportOf(["passed", "passed"], ["failed"]))).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
    secondTries: [],
  });
});

test("a missing report holds nothing, so that no run without one can pass", () => {
  const counts = countTests(readReport("/nowhere/report.json"));

  expect(counts).toEqual({ passed: 0, failed: 0, skipped: 0, secondTries: [] });
  expect(hasPassed(counts)).toBe(false);
});

test("what passed at the second try is told with what the first one said, and a few of them at most pass", () => {
  const again = { status: "passed", fullName: "a light comes on", failureMessages: ["Error: dark\n  at x"] };
  const runWith = (count: number) =>
    countTests({
      testResults: [{ status: "passed", assertionResults: Array.from({ length: count }, () => again) }],
    });

  expect(runWith(1).secondTries).toEqual(["a light comes on: Error: dark"]);
  expect(hasPassed(runWith(secondTriesMax))).toBe(true);
  expect(hasPassed(runWith(secondTriesMax + 1))).toBe(false);
});

test("the closing line names what was skipped or tried again only when something was", () => {
  const counts = { passed: 3, failed: 0, skipped: 0, secondTries: [] };

  expect(closingLine(counts)).toBe("3 passed, 0 failed");
  expect(closingLine({ ...counts, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
  expect(closingLine({ ...counts, secondTries: ["a: b"] })).toBe(
    "3 passed, 0 failed, 1 at the second try (at most 3)",
  );
});
