import { expect, test } from "vitest";
import { probationArgument, thresholdArgument, wavesArgument } from "./rollout-arguments.ts";

test("waves are numbers, shares and groups, in their order", () => {
  expect(wavesArgument("1,10%, lamps,50%")).toEqual([
    { count: 1 },
    { share: 0.1 },
    { group: "lamps" },
    { share: 0.5 },
  ]);
  expect(wavesArgument("2.5%")).toEqual([{ share: 0.025 }]);
});

test.each(["", "0", "1,,2", "0%", "101%", "-1", "ten percent", "12345", "1;2"])("%j are no waves", (text) => {
  expect(() => wavesArgument(text)).toThrow("such as 1,10%,50%");
});

test("too many waves are refused", () => {
  expect(() => wavesArgument(Array.from({ length: 21 }, () => "1").join(","))).toThrow("at most 20 waves");
});

test("a threshold is a number or a share, and may be none at all", () => {
  expect(["2%", "3", "0"].map(thresholdArgument)).toEqual([{ share: 0.02 }, { count: 3 }, { count: 0 }]);
  expect(() => thresholdArgument("few")).toThrow("such as 3 or 2%");
});

test("a probation may be none", () => {
  expect(["0", "0.5s", "500ms", "2m"].map(probationArgument)).toEqual([0, 500, 500, 120_000]);
  for (const wrong of ["", "5", "-1s", "25h"])
    expect(() => probationArgument(wrong)).toThrow("10s, 500ms or 0");
});
