import { expect, test } from "vitest";
import { traceLines } from "./route-test.ts";
import { painterFor } from "./output.ts";

const painter = painterFor({ isTTY: false }, true, {});

test("a trace has a line for each step, and what came of it all", () => {
  const lines = traceLines(
    { to: "demo/dmx/front" },
    [
      { at: 0, part: "from", kind: "came", value: 3, from: "demo/sim/distance" },
      { at: 0, part: "when", kind: "passed" },
      { at: 0, part: "through[0] debounce", kind: "held", value: 3 },
      { at: 200, part: "map", kind: "gave", value: 1 / 3 },
      { at: 200, part: "to", kind: "arrived", value: 1 / 3 },
      { at: 200.25, part: "map", kind: "failed", error: "No such key: x" },
      { at: 300, part: "throttle", kind: "gave" },
    ],
    painter,
  );

  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ["AT", "STEP"],
    ["0 ms", "from demo/sim/distance", "3"],
    ["0 ms", "when", "true"],
    ["0 ms", "through[0] debounce", "kept 3"],
    ["200 ms", "map", "0.333333"],
    ["200 ms", "to demo/dmx/front", "0.333333"],
    ["200.25 ms", "map", "failed: No such key: x"],
    ["300 ms", "throttle", "lets the last one out"],
    [""],
    ["1 came, 1 arrived"],
  ]);
});

test("what a route lets go of is told apart from what arrives", () => {
  const lines = traceLines(
    { to: "demo/dmx/front" },
    [
      { at: 0, part: "from", kind: "came", value: true },
      { at: 0, part: "to", kind: "arrived", value: 1 },
      { at: 9, part: "from", kind: "came", value: false },
      { at: 9, part: "map", kind: "gave", value: null },
      { at: 9, part: "to", kind: "let-go" },
    ],
    painter,
  );

  expect(lines.map((line) => line.split(/ {2,}/)).slice(2)).toEqual([
    ["0 ms", "to demo/dmx/front", "1"],
    ["9 ms", "from", "false"],
    ["9 ms", "map", "null"],
    ["9 ms", "to demo/dmx/front", "lets go"],
    [""],
    ["2 came, 1 arrived, 1 let go"],
  ]);
});
