import { expect, test } from "vitest";
import { cueWords, numberWords } from "./universe-words.ts";

test.each([
  [{ universe: 18, portAddress: 17 }, "universe 18 (Art-Net 0:1:1, port address 17)"],
  [{ universe: 1, portAddress: 4096 }, "universe 1 (Art-Net 16:0:0, port address 4096)"],
  [{ universe: 40_000 }, "universe 40000 (none in Art-Net)"],
  [{ levels: new Uint8Array(), portAddress: 3 }, ""],
  [new Uint8Array(512), ""],
  [undefined, ""],
])("a universe is called by its numbers, as both ways count: %j", (monitor, words) => {
  expect(numberWords(monitor)).toBe(words);
});

test.each([
  [undefined, undefined, ""],
  ["", "", ""],
  ["show/open", undefined, "cue show/open"],
  ["show/open", "", "cue show/open"],
  ["show/open", "show/open", "cue show/open, paused"],
  ["show/open, rain/12", "rain/12", "cue show/open, rain/12 (paused: rain/12)"],
  // What is paused of a list that was let go is a moment behind.
  ["", "show/open", ""],
])("the cues that are on are named, and which stand still: %j, %j", (cue, paused, words) => {
  expect(cueWords(cue, paused)).toBe(words);
});
