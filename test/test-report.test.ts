import { expect, test } from "vitest";

import { closingLine, countTests, readReport, type TestReport } from "./test-report.ts";

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

  expect(countTests(report)).toEqual({ passed: 2, failed: 1, skipped: 2 });
});

test("a file that cannot be loaded is a failure", () => {
  expect(countTests(reportOf(["passed", "passed"], ["failed"]))).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test("a missing report holds nothing, so that no run without one can pass", () => {
  expect(countTests(readReport("/nowhere/report.json"))).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test("the closing line names what was skipped only when something was", () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
  expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
});
