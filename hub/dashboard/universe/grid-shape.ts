/** Where the channels of a universe stand in its grid. Channels count from 1, as people do. */

export const channelsMax = 512;

export interface GridShape {
  readonly columns: number;
  readonly rows: number;
}

export const wideGrid: GridShape = { columns: 64, rows: 8 };
export const narrowGrid: GridShape = { columns: 32, rows: 16 };

/** The channel at a point; `x` and `y` are shares of the grid's width and height. */
export function channelAt(shape: GridShape, x: number, y: number): number {
  const column = within(Math.floor(x * shape.columns), 0, shape.columns - 1);
  const row = within(Math.floor(y * shape.rows), 0, shape.rows - 1);
  return row * shape.columns + column + 1;
}

/** Column and row of a channel, from 0. */
export function placeOf(
  shape: GridShape,
  channel: number,
): { readonly column: number; readonly row: number } {
  return { column: (channel - 1) % shape.columns, row: Math.floor((channel - 1) / shape.columns) };
}

/** Where a key leads from a channel; `undefined` when it is no key of the grid. */
export function channelByKey(shape: GridShape, channel: number, key: string): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -shape.columns,
    ArrowDown: shape.columns,
    PageUp: -shape.columns * 4,
    PageDown: shape.columns * 4,
    Home: -channelsMax,
    End: channelsMax,
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  return step === undefined ? undefined : within(channel + step, 1, channelsMax);
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
