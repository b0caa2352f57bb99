/** Rows beside each other: a line for each load and metric, a column for each subject. */
import type { Row } from "../bench.ts";
import { figure } from "../table.ts";

export interface Comparison {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** What is worth a line, by how its name begins; everything is in the table of all rows. */
const shown = [
  "cpu_s_per_100k",
  "CPU to aedes",
  "CPU to mosquitto",
  "rate",
  "latency p",
  "memory per",
] as const;

/**
 * The benches named, as medians with least and most. Loss is always shown where there was any: a broker that gives
 * up messages is fast.
 */
export function comparisonOf(rows: readonly Row[], benches: readonly string[]): Comparison {
  const chosen = rows.filter(
    ({ bench, metric, max }) =>
      benches.includes(bench) &&
      (shown.some((beginning) => metric.startsWith(beginning)) || (metric.startsWith("lost") && max > 0)),
  );
  const subjects = [...new Set(chosen.map(({ subject }) => subject))];
  const lines = new Map<string, { readonly title: readonly string[]; readonly cells: Map<string, string> }>();
  for (const row of chosen) {
    const key = JSON.stringify([row.bench, row.metric]);
    const line = lines.get(key) ?? { title: [row.bench, `${row.metric} (${row.unit})`], cells: new Map() };
    lines.set(key, line);
    line.cells.set(row.subject, cellOf(row));
  }
  return {
    head: ["bench", "metric", ...subjects],
    lines: [...lines.values()].map(({ title, cells }) => [
      ...title,
      ...subjects.map((subject) => cells.get(subject) ?? "–"),
    ]),
  };
}

const cellOf = ({ median, min, max }: Row): string => `${short(median)} [${short(min)}–${short(max)}]`;

const short = (value: number): string =>
  Math.abs(value) >= 10_000 ? `${figure(value / 1000)}k` : figure(value);

/** In columns, for a terminal; what repeats from the line above is left out. */
export function comparisonText({ head, lines }: Comparison): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const benchAbove = (index: number) => lines[index - 1]?.[0];
  const texts = lines.map((line, index) => (line[0] === benchAbove(index) ? ["", ...line.slice(1)] : line));
  return [head, ...texts]
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function comparisonMarkdown({ head, lines }: Comparison): string {
  const rule = head.map((_, column) => (column < 2 ? "---" : "--:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
