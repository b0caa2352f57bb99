import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test.each([
  ["250ms", 250],
  ["10s", 10_000],
  ["1.5m", 90_000],
  ["1h", 3_600_000],
  ["0s", 0],
  [" 5s ", 5000],
  ["0.001s", 1],
])("%j is %i ms", (text, expected) => {
  expect(parseDuration(text)).toEqual({ ok: true, value: expected });
});

test.each([
  "",
  "5",
  "s",
  "-5s",
  "+5s",
  "5 s",
  "5S",
  "1e3s",
  "5sec",
  "1h30m",
  "1.2345s",
  ".5s",
  "5.s",
  "٣s",
  "9999999999s",
  "NaNs",
])("%j is no duration", (text) => {
  expect(parseDuration(text)).toEqual({ ok: false, error: "not-a-duration" });
});
