import { expect, test } from "vitest";
import { median, percentile, Samples, summarise } from "./bench.ts";

test("the median is the middle value, whatever their order", () => {
  expect(median([9, 1, 5])).toBe(5);
});

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([4, 1, 3, 100])).toBe(3.5);
});

test("a percentile is a value that was measured", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 1)).toBe(100);
  expect(percentile([7], 0.99)).toBe(7);
});

test("of nothing there is no figure", () => {
  expect(() => summarise([])).toThrow("no value");
  expect(() => percentile([], 0.5)).toThrow("no value");
  expect(new Samples("b").rows()).toEqual([]);
});

test("what is not a number is no measurement", () => {
  const samples = new Samples("b");

  expect(() => samples.add("ours", "p50", "ms", Number.NaN)).toThrow("ours, p50: NaN is no measurement");
});

test("values of one metric make one row, of another unit another row, in the order they first came", () => {
  const samples = new Samples("b");

  samples.add("ours", "p50", "ms", 3);
  samples.add("ours", "size", "kB", 10);
  samples.add("ours", "p50", "ms", 1);
  samples.add("ours", "p50", "ms", 2);

  expect(samples.rows()).toEqual([
    { bench: "b", subject: "ours", metric: "p50", unit: "ms", median: 2, min: 1, max: 3, runs: 3 },
    { bench: "b", subject: "ours", metric: "size", unit: "kB", median: 10, min: 10, max: 10, runs: 1 },
  ]);
});
