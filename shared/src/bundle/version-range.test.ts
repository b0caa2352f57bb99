import { expect, test } from "vitest";
import { within, parseVersionRange } from "./version-range.ts";

const versions = ["0.1.0", "0.1.4", "0.2.0", "1.0.0", "1.2.3", "1.2.9", "1.10.0", "2.0.0", "2.0.1-beta.1"];

/** Of the versions above those in the range. */
function among(range: string): readonly string[] {
  const parsed = parseVersionRange(range);
  return parsed.ok ? versions.filter((version) => parsed.value.has(version)) : [parsed.error];
}

test.each([
  ["*", versions.slice(0, -1)],
  ["1.2.3", ["1.2.3"]],
  ["=1.2.3", ["1.2.3"]],
  ["^1.2", ["1.2.3", "1.2.9", "1.10.0"]],
  ["^0.1.1", ["0.1.4"]],
  ["^0.1", ["0.1.0", "0.1.4"]],
  ["^0", ["0.1.0", "0.1.4", "0.2.0"]],
  ["^0.0.3", []],
  ["~1.2.4", ["1.2.9"]],
  ["~1", ["1.0.0", "1.2.3", "1.2.9", "1.10.0"]],
  ["1.x", ["1.0.0", "1.2.3", "1.2.9", "1.10.0"]],
  ["1.2.*", ["1.2.3", "1.2.9"]],
  [">=1.2 <2", ["1.2.3", "1.2.9", "1.10.0"]],
  ["> 1.2", ["1.10.0", "2.0.0"]],
  ["<=0.2", ["0.1.0", "0.1.4", "0.2.0"]],
  ["0.1.x || ^2", ["0.1.0", "0.1.4", "2.0.0"]],
  ["2.0.1-beta.1", ["2.0.1-beta.1"]],
])("%s has what package managers put in it", (range, expected) => {
  expect(among(range)).toEqual(expected);
});

test.each(["", "latest", "1.x.3", "^", "1.2.3.4", "1..2", ">=", "1 ||", "-1"])(
  '"%s" is no range',
  (range) => {
    expect(among(range)).toEqual(["not-a-range"]);
  },
);

test("within a range the newest version is the one with the greatest numbers, not the last in the alphabet", () => {
  const range = parseVersionRange("^1");

  expect(range.ok && within(range.value, versions)).toEqual(["1.10.0", "1.2.9", "1.2.3", "1.0.0"]);
  expect(range.ok && within(range.value, ["2.0.0", "no version"])).toEqual([]);
});
