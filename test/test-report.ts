// Reads vitest's JSON report: how many tests passed, failed and were skipped.

import { readFileSync } from "node:fs";

/** What we read of the report; a file that could not be loaded has failed and holds no test. */
export interface TestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName?: string;
      /** Also of a test that passed at its second try: of the first. */
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of those that passed: which needed a second try, and what the first one said. */
  readonly secondTries: readonly string[];
}

/** More in one run are no accident of a busy machine: the run has failed. */
export const secondTriesMax = 3;

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
  const results = report.testResults.flatMap((file) => file.assertionResults);
  const statuses = results.map(({ status }) => status);
  const passed = statuses.filter((status) => status === "passed").length;
  const failed = statuses.filter((status) => status === "failed").length;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"),
  ).length;
  const secondTries = results.flatMap(({ status, fullName, failureMessages }) =>
    status === "passed" && failureMessages?.[0] !== undefined
      ? [`${fullName ?? "?"}: ${failureMessages[0].split("\n")[0] ?? ""}`]
      : [],
  );
  return {
    passed,
    failed: failed + brokenFiles,
    skipped: statuses.length - passed - failed,
    secondTries,
  };
}

export const hasPassed = ({ passed, failed, secondTries }: Counts): boolean =>
  failed === 0 && passed > 0 && secondTries.length <= secondTriesMax;

/** The last line of `npm test`, for people and scripts. */
export function closingLine({ passed, failed, skipped, secondTries }: Counts): string {
  const parts = [`${passed} passed`, `${failed} failed`];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  if (secondTries.length > 0)
    parts.push(`${secondTries.length} at the second try (at most ${secondTriesMax})`);
  return parts.join(", ");
}
