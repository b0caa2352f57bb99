import { expect, test } from "vitest";
import type { Row } from "../bench.ts";
import { comparisonMarkdown, comparisonOf, comparisonText } from "./comparison.ts";

const row = (subject: string, metric: string, median: number, unit = "s"): Row => ({
  bench: "fan-in",
  subject,
  metric,
  unit,
  median,
  min: median / 2,
  max: median * 2,
  runs: 5,
});

const compared = (...rows: readonly Row[]) => comparisonOf(rows, ["fan-in"]);

test("subjects stand beside each other, a line for each metric", () => {
  const comparison = compared(
    row("interactor", "cpu_s_per_100k", 0.5),
    row("interactor", "rate", 50_000, "/s"),
    row("aedes", "cpu_s_per_100k", 1.5),
    row("aedes", "rate", 12_345, "/s"),
  );

  expect(comparison).toEqual({
    head: ["bench", "metric", "interactor", "aedes"],
    lines: [
      ["fan-in", "cpu_s_per_100k (s)", "0.500 [0.250–1.00]", "1.50 [0.750–3.00]"],
      ["fan-in", "rate (/s)", "50.0k [25.0k–100k]", "12.3k [6173–24.7k]"],
    ],
  });
});

test("a subject that a bench has no figure of gets a dash", () => {
  const { lines } = compared(row("interactor", "rate", 1), row("aedes", "cpu_s_per_100k", 1));

  expect(lines.map((line) => line.slice(2))).toEqual([
    ["1.00 [0.500–2.00]", "–"],
    ["–", "1.00 [0.500–2.00]"],
  ]);
});

test("loss is shown where there was any, and only there", () => {
  expect(compared(row("nats", "lost", 0)).lines).toEqual([]);
  expect(compared(row("nats", "lost", 0), row("nats", "lost, spaced", 7)).lines).toHaveLength(1);
});

test("benches of other things are not compared", () => {
  expect(comparisonOf([row("interactor", "rate", 1)], ["pairs"]).lines).toEqual([]);
});

test("for a terminal the bench is named once, and columns are as wide as their widest", () => {
  const comparison = compared(row("aedes", "cpu_s_per_100k", 1), row("aedes", "rate", 2));

  expect(comparisonText(comparison).split("\n")).toEqual([
    "bench   metric              aedes",
    "fan-in  cpu_s_per_100k (s)  1.00 [0.500–2.00]",
    "        rate (s)            2.00 [1.00–4.00]",
  ]);
});

test("as Markdown every line names its bench, and figures stand to the right", () => {
  const comparison = compared(row("aedes", "cpu_s_per_100k", 1));

  expect(comparisonMarkdown(comparison).split("\n")).toEqual([
    "| bench | metric | aedes |",
    "| --- | --- | --: |",
    "| fan-in | cpu_s_per_100k (s) | 1.00 [0.500–2.00] |",
  ]);
});
