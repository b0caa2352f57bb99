import { expect, test } from "vitest";
import { formatAge, formatSpan, formatValue, painterFor, printable, tableLines, toJson } from "./output.ts";

test("columns are as wide as their widest cell", () => {
  const lines = tableLines(
    ["A", "LONG"],
    [
      ["wide cell", "x"],
      ["y", ""],
    ],
  );

  expect(lines).toEqual(["A          LONG", "wide cell  x", "y"]);
});

test("colour is for a terminal whose user has not refused it", () => {
  const red = (isTTY: boolean, isAllowed: boolean, env: Record<string, string>) =>
    painterFor({ isTTY }, isAllowed, env).bad("x");

  expect(red(true, true, {})).toBe("\u001B[31mx\u001B[0m");
  expect(red(true, true, { NO_COLOR: "" })).toBe("\u001B[31mx\u001B[0m");
  for (const plain of [red(false, true, {}), red(true, false, {}), red(true, true, { NO_COLOR: "1" })]) {
    expect(plain).toBe("x");
  }
});

test("a text from elsewhere cannot move the cursor", () => {
  expect(printable("a\u001B[2Jb\nc\u009Bd\u202Ee")).toBe("a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d\u{FFFD}e");
  expect(formatValue("\u001B]0;title\u0007\u009B")).toBe('"\\u001b]0;title\\u0007\u{FFFD}"');
});

test.each<readonly [Parameters<typeof formatValue>[0], string]>([
  [0.1 + 0.2, "0.3"],
  [1_234_567, "1234567"],
  [true, "true"],
  [null, "null"],
  ["a b", '"a b"'],
  [new Uint8Array([1, 255]), "0x01ff"],
  [new Uint8Array(512), `0x${"00".repeat(16)}… (512 bytes)`],
  [{ a: [1, new Uint8Array([1])] }, '{"a":[1,{"$bytes":"AQ=="}]}'],
  ["x".repeat(1000), `"${"x".repeat(199)}…`],
])("%j is shown short", (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test("bytes anywhere in a value survive as base64 in JSON", () => {
  expect(toJson({ a: [new Uint8Array([0, 1])], b: 1n })).toEqual({ a: [{ $bytes: "AAE=" }], b: "1" });
});

test.each([
  [250, "250 ms"],
  [1500, "1.5 s"],
  [10_000, "10 s"],
  [90_000, "1 min 30 s"],
  [3_600_000, "1 h"],
  [100 * 3_600_000, "4 d 4 h"],
])("%i ms is %s", (span, text) => {
  expect(formatSpan(span)).toBe(text);
});

test("a time that seems to lie ahead is now", () => {
  const now = new Date(10_000);

  expect(formatAge(new Date(12_000), now)).toBe("now");
  expect(formatAge(new Date(7000), now)).toBe("3 s ago");
});
