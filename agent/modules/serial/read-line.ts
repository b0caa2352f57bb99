/**
 * What a line of text says. A line as a whole may be unreadable, or some of its values: the others are still
 * given. A value that is absent (an empty cell, a null, a group that took no part) is no fault, because
 * devices send different lines; a line that holds none of the values is one.
 */
import { unreachable } from "@interactor/shared/sdk/define-module";
import { wholeLine } from "./pattern.ts";
import type { CsvSettings, JsonSettings, PatternSettings, Settings } from "./settings.ts";
import { readScalar, type ScalarFault, type ScalarSpec } from "./scalar.ts";

export type LineFault = ScalarFault | "unmatched" | "not-json" | "no-header" | "column-count";

export interface LineContent {
  readonly readings: readonly { readonly output: string; readonly value: boolean | number | string }[];
  readonly faults: readonly LineFault[];
}

export type LineReader = (line: string) => LineContent;

export function lineReader(settings: Settings): LineReader {
  switch (settings.format) {
    case "pattern":
      return patternReader(settings);
    case "csv":
      return csvReader(settings);
    case "json":
      return jsonReader(settings);
    default:
      return unreachable(settings);
  }
}

function patternReader({ pattern, outputs }: PatternSettings): LineReader {
  const expression = wholeLine(pattern);
  const wanted = Object.entries(outputs).map(([output, spec]) => ({
    output,
    spec,
    group: spec.group ?? output,
  }));
  return (line) => {
    const match = expression.exec(line);
    if (match === null) return unreadable("unmatched");
    return contentOf(wanted, ({ group }) => match.groups?.[group]);
  };
}

function csvReader({ separator, header, outputs }: CsvSettings): LineReader {
  const wanted = Object.entries(outputs).map(([output, spec]) => ({ output, spec, column: spec.column }));
  const names = wanted.flatMap(({ column }) => (typeof column === "string" ? [column] : []));
  let columns: readonly string[] | undefined;
  return (line) => {
    const cells = line.split(separator).map((cell) => cell.trim());
    // A header is known by its names, not by its place: a line may be opened long after the device sent it,
    // and a device that restarts sends it again.
    if (header && names.every((name) => cells.includes(name))) {
      columns = cells;
      return { readings: [], faults: [] };
    }
    if (header && columns === undefined) return unreadable("no-header");
    // Also what saves us from a header whose beginning was lost: its columns would stand one place off.
    if (columns !== undefined && cells.length !== columns.length) return unreadable("column-count");
    return contentOf(wanted, ({ column }) => {
      const index = typeof column === "number" ? column - 1 : (columns?.indexOf(column) ?? -1);
      const cell = cells[index];
      return cell === "" ? undefined : cell;
    });
  };
}

function jsonReader({ outputs }: JsonSettings): LineReader {
  const wanted = Object.entries(outputs).map(([output, spec]) => ({
    output,
    spec,
    keys: pointerKeys(spec.pointer ?? `/${output}`),
  }));
  return (line) => {
    let document: unknown;
    try {
      document = JSON.parse(line);
    } catch {
      return unreadable("not-json");
    }
    return contentOf(wanted, ({ keys }) => textAt(document, keys));
  };
}

const pointerKeys = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The scalar at a JSON pointer (RFC 6901) as text; own properties only. A map or a list is as good as absent. */
function textAt(document: unknown, keys: readonly string[]): string | undefined {
  let found = document;
  for (const key of keys) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  const isScalar = typeof found === "string" || typeof found === "number" || typeof found === "boolean";
  return isScalar ? String(found) : undefined;
}

function contentOf<Wanted extends { readonly output: string; readonly spec: ScalarSpec }>(
  wanted: readonly Wanted[],
  textOf: (each: Wanted) => string | undefined,
): LineContent {
  const readings: { output: string; value: boolean | number | string }[] = [];
  const faults: LineFault[] = [];
  for (const each of wanted) {
    const text = textOf(each);
    if (text === undefined) continue;
    const scalar = readScalar(text, each.spec);
    if (scalar.kind === "value") readings.push({ output: each.output, value: scalar.value });
    else faults.push(scalar.reason);
  }
  const isEmpty = wanted.length > 0 && readings.length === 0 && faults.length === 0;
  return isEmpty ? unreadable("unmatched") : { readings, faults };
}

const unreadable = (reason: LineFault): LineContent => ({ readings: [], faults: [reason] });
