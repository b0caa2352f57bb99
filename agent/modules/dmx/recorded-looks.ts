/**
 * A recording as a table of numbers: a look a line, a column an input, separated by commas. The first line names the
 * inputs (`ch1` or just `1`, 0 to 255; dimmers by their names, 0 to 1); without one the columns are the channels from 1.
 * Taken line by line, because a file of an hour would hold up every universe of the worker.
 */
import { open } from "node:fs/promises";
import { messageOf } from "@interactor/shared/sdk/define-module";
import type { RecordedLooks } from "./engine/recording.ts";
import { levelOf } from "./engine/slots.ts";
import type { CsvSettings, SlotOf } from "./settings/cue-lists.ts";

/** An hour and a half at 44 looks a second and forty channels; the levels of all looks, one byte each. More: refuse. */
const levelsMax = 10_000_000;
/** A line has 512 columns at most, and nobody writes a level in more than twenty characters. Longer: refuse. */
const lineLengthMax = 512 * 20;

export class LooksReader {
  readonly #slotOf: SlotOf;
  #columns: readonly Column[] | undefined;
  #hasHeader: boolean;
  #lines = 0;
  readonly #rows: Uint8Array[] = [];

  constructor({ hasHeader, slotOf }: { readonly hasHeader: boolean; readonly slotOf: SlotOf }) {
    this.#hasHeader = hasHeader;
    this.#slotOf = slotOf;
  }

  /** Returns what is wrong with the line, in words for people. Empty lines say nothing. */
  take(line: string): string | undefined {
    this.#lines += 1;
    if (line.trim() === "") return undefined;
    const problem = line.length > lineLengthMax ? "is too long" : this.#takeCells(line.split(","));
    return problem === undefined ? undefined : `line ${this.#lines} ${problem}`;
  }

  finish(): RecordedLooks | undefined {
    const slots = (this.#columns ?? []).map(({ slot }) => slot);
    const levels = new Uint8Array(this.#rows.length * slots.length);
    for (const [index, row] of this.#rows.entries()) levels.set(row, index * slots.length);
    return this.#rows.length === 0 ? undefined : { slots, levels };
  }

  #takeCells(cells: readonly string[]): string | undefined {
    if (this.#columns !== undefined) return this.#takeLook(cells, this.#columns);
    const columns: Column[] = [];
    for (const [index, cell] of cells.entries()) {
      const name = this.#hasHeader ? cell.trim() : `${index + 1}`;
      const column = this.#slotOf(/^\d+$/.test(name) ? `ch${name}` : name);
      if (column === undefined) return `names an input that is not there: "${name.slice(0, 40)}"`;
      if (columns.some(({ slot }) => slot === column.slot)) return `names the channel of "${name}" twice`;
      columns.push(column);
    }
    this.#columns = columns;
    return this.#hasHeader ? undefined : this.#takeLook(cells, columns);
  }

  #takeLook(cells: readonly string[], columns: readonly Column[]): string | undefined {
    if (cells.length !== columns.length) return `has ${cells.length} columns, not ${columns.length}`;
    if ((this.#rows.length + 1) * columns.length > levelsMax)
      return `is past the ${levelsMax} levels that fit`;
    const row = new Uint8Array(columns.length);
    for (const [index, cell] of cells.entries()) {
      const value = Number(cell);
      if (cell.trim() === "" || !Number.isFinite(value)) return `has no number in "${cell.slice(0, 20)}"`;
      row[index] = levelOf(value * (columns[index]?.scale ?? 1));
    }
    this.#rows.push(row);
    return undefined;
  }
}

type Column = NonNullable<ReturnType<SlotOf>>;

/** Reads a recording from its file; what is wrong comes back in words for people. */
export async function readLooks(
  { path, hasHeader }: CsvSettings,
  slotOf: SlotOf,
  signal: AbortSignal,
): Promise<RecordedLooks | string> {
  const reader = new LooksReader({ hasHeader, slotOf });
  try {
    await using file = await open(path);
    for await (const line of file.readLines({ signal })) {
      const problem = reader.take(line);
      if (problem !== undefined) return `${path}: ${problem}`;
    }
  } catch (error) {
    return `${path} cannot be read: ${messageOf(error)}`;
  }
  return reader.finish() ?? `${path} has no looks`;
}
