import { expect, test } from "vitest";
import { qualityWord } from "./quality-word.ts";

test("a value is as good as its source says while its node is there", () => {
  expect([qualityWord(0, "ready"), qualityWord(1, "ready"), qualityWord(2, "ready")]).toEqual([
    "good",
    "stale",
    "bad",
  ]);
});

test("the last value of a node that is away is stale, and a bad one stays bad", () => {
  expect([qualityWord(0, "lost"), qualityWord(0, "unknown"), qualityWord(2, "disconnected")]).toEqual([
    "stale",
    "stale",
    "bad",
  ]);
});
