import { expect, test } from "vitest";
import { sumIn } from "./entries-taken.ts";

const text =
  'taken_total 3\ntaken_total_more 100\nrefused_total{reason="a"} 1\nrefused_total{reason="b"} 2e1\n';

test("samples of a metric are added up, whatever their labels", () => {
  expect(sumIn(text, "taken_total")).toBe(3);
  expect(sumIn(text, "refused_total")).toBe(21);
});

test("of a metric, samples with a label are added up", () => {
  expect(sumIn(text, "refused_total", 'reason="b"')).toBe(20);
  expect(sumIn(text, "refused_total", 'reason="c"')).toBeUndefined();
});

test("a metric that is not there has no sum", () => {
  expect(sumIn(text, "taken")).toBeUndefined();
});
