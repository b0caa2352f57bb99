import { expect, test } from "vitest";
import { readMonitor } from "@interactor/shared/site/fixtures/universe-monitor";
import { cueListsIn, cueWords, deskLines, numberWords } from "./universe-words.ts";

const look = { levels: new Uint8Array(512), shown: new Uint8Array(512), sources: [], master: 1 };

test.each([
  [{ universe: 18, portAddress: 17 }, "universe 18 (Art-Net 0:1:1, port address 17)"],
  [{ universe: 1, portAddress: 4096 }, "universe 1 (Art-Net 16:0:0, port address 4096)"],
  [{ universe: 40_000 }, "universe 40000 (none in Art-Net)"],
  [{ portAddress: 3 }, ""],
])("a universe is called by its numbers, as both ways count: %j", (numbers, words) => {
  expect(numberWords(readMonitor({ ...look, ...numbers }))).toBe(words);
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

test("desks are told by name, place and priority, and one of Art-Net by its address alone", () => {
  const magic = { name: "MagicQ", priority: 120, address: "10.0.0.5", cid: "1f2e" };
  const artnet = { name: "Art-Net 10.0.0.9", priority: 100, address: "10.0.0.9" };
  const line = { name: "DMX line", priority: 90, line: "/dev/ttyUSB0" };

  expect(deskLines([magic, artnet, line, "what nobody said"])).toEqual([
    "MagicQ · 10.0.0.5 · priority 120 · CID 1f2e",
    "Art-Net 10.0.0.9 · priority 100",
    "DMX line · /dev/ttyUSB0 · priority 90",
  ]);
  expect(deskLines(undefined)).toEqual([]);
});

test("cue lists are read as they are told, and what is none is passed over", () => {
  const show = { name: "show", cue: "open", paused: true, next: "close", before: "" };

  expect(cueListsIn([show, { cue: "open" }, null, 7])).toEqual([
    { name: "show", cue: "open", isPaused: true, next: "close", before: "" },
  ]);
  expect(cueListsIn("show")).toEqual([]);
});
