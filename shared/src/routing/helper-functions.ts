/** Functions of expressions that take more than numbers: a curve between points, a table to look things up in. */
import type { Value } from "../wire/value.ts";

/** Points of one curve. More: refuse. */
const pointsMax = 64;

export type Point = readonly [at: number, level: number];

export const curveWords =
  'a gamma above 0, such as 2.2, "s", or points from left to right, such as [[0, 0], [0.5, 0.2], [1, 1]]';

/** Brightens slowly and then quickly, as eyes expect it; 1 is a straight line. `value` is from 0 to 1. */
export const gammaCurve = (value: number, gamma: number): number => Math.pow(fraction(value), gamma);

/** Begins and ends softly. `value` is from 0 to 1. */
export function softCurve(value: number): number {
  const share = fraction(value);
  return share * share * (3 - 2 * share);
}

const fraction = (value: number): number => Math.min(Math.max(value, 0), 1);

/** Straight from point to point; before the first and behind the last it stays what it is there. */
export function pointCurve(value: number, points: readonly Point[]): number {
  const next = points.findIndex(([at]) => at >= value);
  const right = points[next];
  const left = points[next - 1];
  if (right === undefined) return points.at(-1)?.[1] ?? Number.NaN;
  if (left === undefined) return right[1];
  return left[1] + ((value - left[0]) / (right[0] - left[0])) * (right[1] - left[1]);
}

/** `undefined`: it is no list of points from left to right. */
export function pointsOf(list: unknown): readonly Point[] | undefined {
  if (!Array.isArray(list) || list.length < 2 || list.length > pointsMax) return undefined;
  const points: Point[] = [];
  for (const each of list as readonly unknown[]) {
    const pair: readonly unknown[] = Array.isArray(each) ? each : [];
    const [at, level] = [numberOf(pair[0]), numberOf(pair[1])];
    if (pair.length !== 2 || at === undefined || level === undefined) return undefined;
    const before = points.at(-1);
    if (before !== undefined && at <= before[0]) return undefined;
    points.push([at, level]);
  }
  return points;
}

function numberOf(given: unknown): number | undefined {
  const number = typeof given === "bigint" ? Number(given) : given;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/**
 * What a map has under `key`, or a list at that place, counted from 0; `otherwise` when it has nothing there. Numbers
 * and truths are keys as they are written.
 */
export function lookedUp(key: unknown, table: unknown, otherwise: unknown): unknown {
  const name = typeof key === "bigint" ? Number(key) : key;
  if (Array.isArray(table)) {
    const list: readonly unknown[] = table;
    return typeof name === "number" && name >= 0 && name < list.length && Number.isInteger(name)
      ? list[name]
      : otherwise;
  }
  if (typeof name !== "string" && typeof name !== "number" && typeof name !== "boolean") return otherwise;
  const found = isTable(table) && Object.hasOwn(table, String(name)) ? table[String(name)] : undefined;
  return found === undefined ? otherwise : found;
}

export const isTable = (value: unknown): value is Readonly<Record<string, Value>> =>
  typeof value === "object" && value !== null && !(value instanceof Uint8Array);
