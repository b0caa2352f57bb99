import { expect, test } from "vitest";
import { History } from "../live/history.ts";
import { pointsBetween, scaleOf } from "./sparkline.ts";

function historyOf(...samples: readonly (readonly [number, number])[]): History {
  const history = new History();
  for (const [at, value] of samples) history.add(at, value);
  return history;
}

test("a line holds what was before it and what is still so", () => {
  const history = historyOf([1_000_000, 4], [1_020_000, 9]);

  const points = pointsBetween(history, 1_010_000, 1_030_000);

  expect(points.map(({ at, last }) => [at, last])).toEqual([
    [1_010_000, 4],
    [1_020_000, 9],
    [1_030_000, 9],
  ]);
});

test("what never had a value has no line", () => {
  expect(pointsBetween(new History(), 0, 1000)).toEqual([]);
});

test("a scale goes from the least to the most", () => {
  const points = pointsBetween(historyOf([1_000_000, 4], [1_000_100, 6], [1_020_000, 9]), 0, 1_030_000);

  expect(scaleOf(points, {})).toEqual({ low: 4, high: 9 });
});

test("noise of a thousandth of the declared range is not blown up to the whole height", () => {
  const points = pointsBetween(historyOf([1_000_000, 50], [1_001_000, 50.1]), 0, 1_002_000);

  const { low, high } = scaleOf(points, { min: 0, max: 100 });

  expect(high - low).toBeCloseTo(5);
});

test("a value that never moves has a scale around it", () => {
  const { low, high } = scaleOf(pointsBetween(historyOf([1_000_000, 0]), 0, 1_002_000), {});

  expect(low).toBeLessThan(0);
  expect(high).toBeGreaterThan(0);
});
