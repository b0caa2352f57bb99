/** Rows as a person reads them. */
import type { Row } from "./bench.ts";

const head = ["bench", "subject", "metric", "median", "min", "max", "unit", "runs"] as const;
const isNumber: ReadonlySet<string> = new Set(["median", "min", "max", "runs"]);

/** A table in columns, with its head; numbers stand to the right. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ median, min, max, runs, ...words }) => ({
    ...words,
    median: figure(median),
    min: figure(min),
    max: figure(max),
    runs: String(runs),
  }));
  const widths = head.map((name) => Math.max(name.length, ...cells.map((cell) => cell[name].length)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return isNumber.has(head[column] ?? "") ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [head, ...cells.map((cell) => head.map((name) => cell[name]))].map(line).join("\n");
}

/** Three digits that count; more would claim a precision that nothing here has. */
export function figure(value: number): string {
  if (value === 0) return "0";
  const decimals = Math.max(2 - Math.floor(Math.log10(Math.abs(value))), 0);
  return value.toFixed(Math.min(decimals, 6));
}
