import { expect, test } from "vitest";
import { withPlainNumbers } from "./plain-numbers.ts";

test.each([
  ["1 / 2", "1.0 / 2.0"],
  ["value * (1/255)", "value * (1.0/255.0)"],
  ["value ? 1 : 0.5", "value ? 1.0 : 0.5"],
  ["clamp(value, 0, 1e3)", "clamp(value, 0.0, 1e3)"],
  ["value in [7, 8]", "value in [7.0, 8.0]"],
])("%s is meant as %s", (source, meant) => {
  expect(withPlainNumbers(source).text).toBe(meant);
});

test.each([
  "value[0]",
  'unit.substring(1, 2) == "e"',
  '{1: "a", 2: "b"}',
  "0xff == 5u",
  "\"7 / 2\" + '1'",
  "value2 + unit",
])("whole numbers in %s stay", (source) => {
  expect(withPlainNumbers(source).text).toBe(source);
});

test("a place in the text is found again in the source", () => {
  const source = "1 + 22 * valu";
  const { text, offsetInSource } = withPlainNumbers(source);

  expect(offsetInSource(text.indexOf("valu"))).toBe(source.indexOf("valu"));
  expect(offsetInSource(text.indexOf("22"))).toBe(source.indexOf("22"));
  expect(offsetInSource(text.length)).toBe(source.length);
});
