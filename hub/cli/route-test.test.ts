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
