import * as fc from "fast-check";
import { expect, test } from "vitest";
import { patternProblem, wholeLine } from "./pattern.ts";

const problemOf = (pattern: string, groups: readonly string[] = [], lineBytesMax = 1024) =>
  patternProblem(pattern, { lineBytesMax, groups });

test.each([
  String.raw`T=(?<t>[-\d.]+) H=(?<h>[-\d.]+)`,
  String.raw`(?<a>\d+),(?<b>\d+),(?<c>\d+),(?<d>\d+),(?<e>\d+)`,
  String.raw`(?<name>\w+): ?(?<value>[-+]?\d+(?:\.\d+)?)`,
  String.raw`(?:T(?<t>\d+)|H(?<h>\d+)|(?:on|off))`,
  String.raw`\$GPGGA,(?<time>\d{6})[^*]*\*[\dA-F]{2}`,
  String.raw`(?<all>.*)`,
  String.raw`.*d=(?<d>\d+)`,
  String.raw`\((?<x>\d+)\)\s*;`,
  String.raw`\u0054=[\u{1F600}é]+[\]\\x]`,
  String.raw`(?:ab){3}`,
])("%s can be used", (pattern) => {
  expect(problemOf(pattern)).toBeUndefined();
});

test.each([
  "(a+)+b",
  "(?:a|a)*b",
  "(?:a?){40}b",
  "((a*)b?)*c",
  String.raw`(?:\d+\.?)+x`,
  "(?:(?:(?:a+)))+",
  ".*,.*,.*,.*x",
  "a?".repeat(40) + "a".repeat(40),
  "(?:a|ab)(?:a|ab)".repeat(20),
  String.raw`\s*\s*\s*x`,
  "(?:a{1,500}){1,1}a{1,500}a{1,500}b",
  "[é-ü]+[é-ü]+[é-ü]+x",
])("%s could take too long and is refused", (pattern) => {
  expect(problemOf(pattern)).toMatch(/steps|repeated/u);
});

test.each([
  ["(?<a>", /Invalid/u],
  ["a)|(b", /Unmatched/u],
  ["(?=a)b", /not allowed/u],
  ["(?<!a)b", /not allowed/u],
  [String.raw`(?<q>a)\k<q>`, /reference back/u],
  [String.raw`(a)\1`, /reference back/u],
  ["(?i:a)", /not allowed/u],
])("%s is refused with a reason", (pattern, reason) => {
  expect(problemOf(pattern)).toMatch(reason);
});

test("an output whose group is missing is named", () => {
  expect(problemOf(String.raw`T=(?<t>\d+)`, ["t", "humidity"])).toBe(
    "the pattern has no group (?<humidity>…)",
  );
});

test("a bracket that is escaped or in a class opens no group", () => {
  expect(problemOf(String.raw`\(\?=(?<a>[(?=]+)\)`)).toBeUndefined();
});

test("a pattern full of brackets is judged at once", () => {
  const pattern = `${"(".repeat(240)}a${")".repeat(240)}`;

  expect(problemOf(pattern)).toBeUndefined();
});

test("the pattern stands for the whole line", () => {
  const expression = wholeLine(String.raw`(?<d>\d+)m|off`);

  expect(expression.test("12m")).toBe(true);
  expect(expression.test("x12m")).toBe(false);
  expect(expression.test("offline")).toBe(false);
});

const atoms = fc.constantFrom("a", "b", ".", String.raw`\d`, "[ab]", "[^a]", String.raw`\s`, "x", ",");
const repeats = fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,5}", "*?");
const pieces = fc.tuple(atoms, repeats).map(([atom, repeat]) => atom + repeat);
const sequences = fc.array(pieces, { minLength: 1, maxLength: 4 }).map((all) => all.join(""));
const groups = fc
  .tuple(fc.array(sequences, { minLength: 1, maxLength: 2 }), repeats)
  .map(([branches, repeat]) => `(?:${branches.join("|")})${repeat}`);
const patterns = fc
  .array(fc.oneof(pieces, groups), { minLength: 1, maxLength: 6 })
  .map((all) => all.join(""));

test("no pattern that is accepted takes long on a hostile line", () => {
  const hostile = ["a", "ab", "1", "a,", " ", "aab,1"].map(
    (piece) => `${piece.repeat(1024).slice(0, 1023)}!`,
  );
  let accepted = 0;
  let longest = 0;

  fc.assert(
    fc.property(patterns, (pattern) => {
      if (problemOf(pattern) !== undefined) return;
      accepted += 1;
      const expression = wholeLine(pattern);
      for (const line of hostile) {
        const startedAt = performance.now();
        expression.test(line);
        longest = Math.max(longest, performance.now() - startedAt);
      }
    }),
    { numRuns: 3000, seed: 7 },
  );

  expect(accepted).toBeGreaterThan(300);
  // Without the check a single one of these takes longer than the age of the building.
  expect(longest).toBeLessThan(2000);
});
