/** The line in a row: a minute of one value. */
import type { History } from "../live/history.ts";

export interface Point {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** What is drawn from `from` to `to`: it begins with what was held before, and ends with what is held still. */
export function pointsBetween(history: History, from: number, to: number): Point[] {
  const points: Point[] = [];
  const held = history.before(from);
  if (held !== undefined) points.push({ at: from, low: held, high: held, last: held });
  history.visit(from, (at, low, high, last) => {
    if (at <= to) points.push({ at: Math.max(at, from), low, high, last });
  });
  const end = points.at(-1);
  if (end !== undefined && end.at < to)
    points.push({ at: to, low: end.last, high: end.last, last: end.last });
  return points;
}

/** From the least to the most. Noise is not blown up: what hardly moves is shown as hardly moving. */
export function scaleOf(
  points: readonly Point[],
  range: { readonly min?: number; readonly max?: number },
): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, point.low);
    high = Math.max(high, point.high);
  }
  if (low > high) return { low: 0, high: 1 };
  const declared = range.min !== undefined && range.max !== undefined ? range.max - range.min : 0;
  const least = Math.max(declared * 0.05, Math.abs(high + low) * 0.005, 1e-9);
  if (high - low >= least) return { low, high };
  const middle = (low + high) / 2;
  return { low: middle - least / 2, high: middle + least / 2 };
}

export interface Line {
  readonly points: readonly Point[];
  readonly from: number;
  readonly to: number;
  readonly scale: Scale;
  readonly colour: string;
  /** A switch has no values between its two, and an input holds what it was given: they jump. */
  readonly isStepped: boolean;
}

export function drawLine(context: CanvasRenderingContext2D, width: number, height: number, line: Line): void {
  const { points, from, to, scale } = line;
  const inset = 2;
  const x = (at: number): number => ((at - from) / (to - from)) * width;
  const y = (value: number): number =>
    height - inset - ((value - scale.low) / (scale.high - scale.low)) * (height - 2 * inset);
  context.beginPath();
  let previous: Point | undefined;
  for (const point of points) {
    if (previous === undefined) context.moveTo(x(point.at), y(point.last));
    else if (line.isStepped) context.lineTo(x(point.at), y(previous.last));
    // A peak inside a step stays visible however short it was.
    const beside = previous?.last ?? point.last;
    if (point.low < Math.min(beside, point.last)) context.lineTo(x(point.at), y(point.low));
    if (point.high > Math.max(beside, point.last)) context.lineTo(x(point.at), y(point.high));
    context.lineTo(x(point.at), y(point.last));
    previous = point;
  }
  context.strokeStyle = line.colour;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.stroke();
}
