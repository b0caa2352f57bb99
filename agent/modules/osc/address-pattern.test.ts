import { expect, test } from "vitest";
import { isPattern, matchesAddress, parseAddressPattern } from "./address-pattern.ts";
import { addressLengthMax, patternLengthMax } from "./limits.ts";

function matches(pattern: string, address: string): boolean {
  const parsed = parseAddressPattern(pattern);
  if (parsed === undefined) throw new Error(`${pattern} is no pattern`);
  return matchesAddress(parsed, address);
}

test.each([
  ["/1/fader*", "/1/fader12", true],
  ["/1/fader*", "/1/fader", true],
  ["/1/fader*", "/1/fader/x", false],
  ["/*/fader1", "/page/fader1", true],
  ["/*/fader1", "/a/b/fader1", false],
  ["/1/fader?", "/1/fader7", true],
  ["/1/fader?", "/1/fader12", false],
  ["/1?fader", "/1/fader", false],
  ["/ch/[1-4]", "/ch/3", true],
  ["/ch/[1-4]", "/ch/5", false],
  ["/ch/[!1-4]", "/ch/5", true],
  ["/ch/[!1-4]", "/ch//", false],
  ["/ch/[a-]", "/ch/-", true],
  ["/{red,green}/on", "/green/on", true],
  ["/{red,green}/on", "/blue/on", false],
  ["/{a,ab}c", "/abc", true],
  ["/*a*a*b", "/aaaab", true],
  ["/*a*a*b", "/aaaa", false],
  ["/plain", "/plain", true],
])("%s takes %s: %s", (pattern, address, isTaken) => {
  expect(matches(pattern, address)).toBe(isTaken);
});

test.each(["/[a", "/{a,b", "/a]", "/a}", "/{a{b}}", "/[[a]]", "/{a/b}"])("%s is no pattern", (text) => {
  expect(isPattern(text)).toBe(true);
  expect(parseAddressPattern(text)).toBeUndefined();
});

test("no pattern takes long, whatever it is made of", () => {
  const address = `/${"a".repeat(addressLengthMax - 1)}`;
  const pattern = parseAddressPattern("*".repeat(patternLengthMax - 1) + "b") ?? [];
  let steps = 0;
  const counted = pattern.map((step) =>
    step.kind === "one" ? { ...step, takes: (each: string) => (steps++, step.takes(each)) } : step,
  );

  expect(matchesAddress(counted, address)).toBe(false);
  expect(steps).toBeLessThanOrEqual(addressLengthMax);
});
