import { expect, test } from "vitest";
import { profiledStack } from "./profiled-stack.ts";

const node = (id: number, functionName: string, hitCount: number, children: readonly number[] = []) => ({
  id,
  hitCount,
  children,
  callFrame: {
    functionName,
    url: functionName.startsWith("(") ? "" : "file:///lamp.mjs",
    lineNumber: id,
    columnNumber: 0,
  },
});

test("it is the way to where it was most often, the nearest first", () => {
  const spin = {
    ...node(3, "spin", 40),
    positionTicks: [
      { line: 7, ticks: 1 },
      { line: 9, ticks: 39 },
    ],
  };
  const nodes = [node(1, "(root)", 0, [2, 5]), node(2, "", 1, [3]), spin, node(5, "idle", 3)];

  expect(profiledStack(JSON.stringify({ nodes }))).toBe(
    [
      "where it was for most of a moment:",
      "    at spin (file:///lamp.mjs:9)",
      "    at <anonymous> (file:///lamp.mjs:3:1)",
    ].join("\n"),
  );
});

test("one that goes in a circle has an end", () => {
  const nodes = [node(1, "a", 1, [2]), node(2, "b", 0, [1])];

  expect(profiledStack(JSON.stringify({ nodes })).split("\n")).toHaveLength(11);
});

test.each(["", "{}", '{"nodes":[]}', '{"nodes":[{"id":1}]}'])("of %j there is none", (text) => {
  expect(profiledStack(text)).toBe("");
});
