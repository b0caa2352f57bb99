import { expect, test } from "vitest";
import type { Row } from "./bench.ts";
import { figure, tableOf } from "./table.ts";

test("figures show three digits that count", () => {
  const shown = [0, 0.00123, 0.1, 1, 12.345, 99.99, 123.4, 45_678].map(figure);

  expect(shown).toEqual(["0", "0.00123", "0.100", "1.00", "12.3", "100.0", "123", "45678"]);
});

test("words stand to the left and numbers to the right, each column as wide as its widest", () => {
  const row = (subject: string, median: number): Row => ({
    bench: "codec",
    subject,
    metric: "size",
    unit: "B",
    median,
    min: median,
    max: median,
    runs: 5,
  });

  expect(tableOf([row("json", 176), row("interactor", 71.5)]).split("\n")).toEqual([
    "bench  subject     metric  median   min   max  unit  runs",
    "codec  json        size       176   176   176  B        5",
    "codec  interactor  size      71.5  71.5  71.5  B        5",
  ]);
});

test("without rows there is still a head", () => {
  expect(tableOf([])).toBe("bench  subject  metric  median  min  max  unit  runs");
});
