import { expect, test } from "vitest";
import { busiestFunctions } from "./cpu-profile.ts";

const node = (id: number, functionName: string, lineNumber = 0) => ({
  id,
  callFrame: { functionName, url: "file:///hub.mjs", lineNumber, columnNumber: 4, scriptId: "1" },
});
const profileOf = (nodes: readonly object[], samples: readonly number[], timeDeltas: readonly number[]) =>
  JSON.stringify({ nodes, samples, timeDeltas, startTime: 0, endTime: 1 });

test("functions come by the time spent in themselves, with their share of what was not idle", () => {
  const text = profileOf(
    [node(1, "(idle)"), node(2, "pump", 9), node(3, "writev")],
    [1, 2, 3, 2],
    [5000, 1000, 1500, 2000],
  );

  expect(busiestFunctions(text, 10)).toEqual([
    {
      name: "pump",
      share: 3000 / 4500,
      milliseconds: 3,
      place: { url: "file:///hub.mjs", line: 10, column: 5 },
    },
    {
      name: "writev",
      share: 1500 / 4500,
      milliseconds: 1.5,
      place: { url: "file:///hub.mjs", line: 1, column: 5 },
    },
  ]);
});

test("one function that was called from two places is one line", () => {
  const text = profileOf([node(2, "pump"), node(3, "pump")], [2, 3], [1000, 1000]);

  expect(busiestFunctions(text, 10)).toMatchObject([{ name: "pump", share: 1 }]);
});

test("two functions of one name are two lines", () => {
  const text = profileOf([node(2, "", 1), node(3, "", 2)], [2, 3], [1000, 2000]);

  expect(busiestFunctions(text, 10).map(({ name, place }) => [name, place.line])).toEqual([
    ["(anonymous)", 3],
    ["(anonymous)", 2],
  ]);
});

test("only as many as asked for are given", () => {
  const text = profileOf([node(2, "a"), node(3, "b")], [2, 3], [1, 2]);

  expect(busiestFunctions(text, 1).map(({ name }) => name)).toEqual(["b"]);
});

test("a profile of a program that did nothing says so", () => {
  expect(() => busiestFunctions(profileOf([node(1, "(idle)")], [1], [1000]), 10)).toThrow("no sample");
});
