// Reads vitest's JSON report: how many tests passed, failed and were skipped.

import { readFileSync } from "node:fs";

/** What we read of the report; a file that could not be loaded has failed and holds no test. */
export interface TestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** An absent or broken report is that of a run in which nothing happened. */
export function readReport(file: string): TestReport {
  try {
    // vitest wrote it a moment ago.
    return JSON.parse(readFileSync(file, "utf8")) as TestReport;
  } catch {
    return { testResults: [] };
  }
}

/** Counts tests; a file that failed without a failed test of its own counts as one. */
export function countTests(report: TestReport): Counts {
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === "passed").length;
  const failed = statuses.filter((status) => status === "failed").length;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"),
  ).length;
  return { passed, failed: failed + brokenFiles, skipped: statuses.length - passed - failed };
}

/** The last line of `npm test`, for people and scripts. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}
