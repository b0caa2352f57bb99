import { expect, test } from "vitest";
import { readInputs } from "./route-input.ts";

test.each([
  ["on", true],
  ["false", false],
  ["0.5", 0.5],
  ["-3", -3],
  ["+2e3", 2000],
  ["null", null],
  ['{"x":[1,true]}', { x: [1, true] }],
  ['"0.5"', "0.5"],
  ["near", "near"],
  ["1.2.3", "1.2.3"],
  ["a@b", "a@b"],
  ["a=b", "a=b"],
])("%s is %j", (text, value) => {
  expect(readInputs([text])).toEqual({ ok: true, value: [{ at: 0, value }] });
});

test("a value has its time behind it, and else that of the one before; and its output in front", () => {
  expect(readInputs(["1", "2@20ms", "3", "demo/sim/distance=on@1.5s", "4@2s"])).toEqual({
    ok: true,
    value: [
      { at: 0, value: 1 },
      { at: 20, value: 2 },
      { at: 20, value: 3 },
      { at: 1500, value: true, from: "demo/sim/distance" },
      { at: 2000, value: 4 },
    ],
  });
});

test.each([
  [["1@5"], '"1@5": behind @ stands a time from the beginning, such as 500ms or 2s'],
  [['{"x"'], '"{"x"": is no JSON'],
  [["1@2s", "2@1s"], '"2@1s" comes before the one in front of it'],
  [Array.from({ length: 1001 }, () => "1"), "at most 1000 values"],
  [["[".repeat(20) + "]".repeat(20)], `"${"[".repeat(20)}${"]".repeat(20)}": too deep`],
])("%j is refused with words", (texts, words) => {
  expect(readInputs(texts)).toEqual({ ok: false, error: words });
});
