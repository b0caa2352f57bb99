import { instant } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { ErrorReport } from "./error-report.ts";

test("errors are all counted and logged once a minute, with what was left out", () => {
  const report = new ErrorReport();

  const lines = [0, 23, 46, 59_999, 60_000, 60_023].map((at) => report.count("ENETUNREACH", instant(at)));

  expect(lines).toEqual([
    "ENETUNREACH",
    undefined,
    undefined,
    undefined,
    "ENETUNREACH (and 3 more since the last report)",
    undefined,
  ]);
  expect(report.total).toBe(6);
});
