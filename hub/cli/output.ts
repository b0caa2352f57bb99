/** What the command prints: data on stdout, everything else on stderr. */
import { quality } from "@interactor/shared/wire/entry";
import type { Value } from "@interactor/shared/wire/value";

export interface Painter {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

const plain: Painter = {
  good: (text) => text,
  warn: (text) => text,
  bad: (text) => text,
  faint: (text) => text,
};

const sgr = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;
const colourful: Painter = { good: sgr(32), warn: sgr(33), bad: sgr(31), faint: sgr(2) };

export interface Target {
  readonly isTTY?: boolean;
}

/** Colour only for people who see it and have not said no: https://no-color.org */
export function painterFor(target: Target, isColourAllowed: boolean, env: NodeJS.ProcessEnv): Painter {
  const isRefused = !isColourAllowed || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return target.isTTY === true && !isRefused ? colourful : plain;
}

/** Makes a text from elsewhere harmless: it must not move the cursor of whoever reads it. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\u{fffd}");
}

/** Columns under their headings; the last one is not padded. Cells may be painted: `paint` gets the padded text. */
export function tableLines(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  paint: (text: string, column: number, row: number) => string = (text) => text,
): readonly string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lineOf = (cells: readonly string[], row: number) =>
    cells
      .map((cell, column) => {
        const isLast = column === headings.length - 1;
        return paint(isLast ? cell : cell.padEnd(widths[column] ?? 0), column, row);
      })
      .join("  ")
      .trimEnd();
  return [lineOf(headings, -1), ...rows.map(lineOf)];
}

/** Digits a person can compare; `--json` gives all of them. */
const digits = 6;
/** Bytes of a binary value that a line shows. */
const bytesShown = 16;
/** Characters of a text or record that a line shows. */
const textShown = 200;

/** A value for a line: short, on one line, harmless. */
export function formatValue(value: Value): string {
  if (typeof value === "number") {
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
  }
  if (value instanceof Uint8Array) return formatBytes(value);
  const text = typeof value === "boolean" || value === null ? String(value) : JSON.stringify(toJson(value));
  return printable(text.length > textShown ? `${text.slice(0, textShown)}…` : text);
}

export function formatBytes(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, bytesShown)).toString("hex");
  return bytes.length <= bytesShown ? `0x${start}` : `0x${start}… (${bytes.length} bytes)`;
}

/** As JSON has it; bytes become `{"$bytes": base64}`. */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]));
  }
  return value;
}

const qualityWords = { [quality.good]: "good", [quality.stale]: "stale", [quality.bad]: "bad" } as const;
export const qualityWord = (of: keyof typeof qualityWords): string => qualityWords[of];

const clockFormat = new Intl.DateTimeFormat("sv-SE", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const dayFormat = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });

/** `04:36:32,123` in local time would be read as two numbers: a point is put in. */
export const formatClock = (at: Date): string =>
  Number.isNaN(at.getTime()) ? "??:??:??.???" : clockFormat.format(at).replace(",", ".");
export const formatDay = (at: Date): string => (Number.isNaN(at.getTime()) ? "?" : dayFormat.format(at));

/** `250 ms`, `10 s`, `5 min 30 s`, `2 h`, `3 d 4 h`: at most two units. */
export function formatSpan(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1000).toFixed(1))} s`;
  const seconds = Math.round(milliseconds / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** `3 s ago`. Clocks of two machines differ: what seems to lie ahead is now. */
export function formatAge(at: Date, now: Date): string {
  const age = now.getTime() - at.getTime();
  return age < 1000 ? "now" : `${formatSpan(Math.round(age / 1000) * 1000)} ago`;
}
