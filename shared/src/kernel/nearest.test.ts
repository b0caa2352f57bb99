import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test.each([
  ["distanse", ["distance", "motion"], "did you mean distance?"],
  ["node", ["mode", "nodes"], "did you mean nodes?"],
  ["node", ["nodes", "mode"], "did you mean nodes?"],
  ["cvs", ["csv", "pattern"], "did you mean csv?"],
  ["distance", ["motion"], undefined],
  ["a", [], undefined],
])("for %s among %j: %s", (name, known, words) => {
  expect(nearest(name, known)).toBe(words);
});
