import { expect, test } from "vitest";
import { timed } from "./changes.ts";

const frame = (at: number, level: number) => ({ at, level });

test("a change takes until the first frame that shows it; repeats count for nothing", () => {
  const shown = [frame(1002, 1), frame(1025, 1), frame(1103, 2)];

  expect(timed(shown, [1000, 1100])).toEqual({ latencies: [2, 3], overtaken: 0 });
});

test("a change that a later one overtook took until that one, and is counted", () => {
  const shown = [frame(1001, 1), frame(1250, 3)];

  expect(timed(shown, [1000, 1100, 1200])).toEqual({ latencies: [1, 150, 50], overtaken: 1 });
});

test("a level left over from before the changes is no early arrival", () => {
  const shown = [frame(1001, 2), frame(1004, 1), frame(1105, 2)];

  expect(timed(shown, [1000, 1100])).toEqual({ latencies: [4, 5], overtaken: 0 });
});

test("without the last change there is no figure", () => {
  expect(() => timed([frame(1001, 1)], [1000, 1100])).toThrow("level 2 was said and never came to light");
});
