import { expect, test } from "vitest";
import { ageText, remainingText } from "./age.ts";

test.each([
  [-5000, "now"],
  [400, "now"],
  [7_900, "7 s ago"],
  [99_999, "99 s ago"],
  [180_000, "3 min ago"],
  [7_200_000, "2 h ago"],
  [400_000_000, "4 d ago"],
])("%s ms are %s", (age, expected) => {
  expect(ageText(age)).toBe(expected);
});

test("what is left is rounded up", () => {
  expect([1, 1000, 1001, 600_000].map(remainingText)).toEqual(["1 s", "1 s", "2 s", "10 min"]);
});
