import { expect, test } from "vitest";
import { sessionNumber } from "../testing/builders.ts";
import { lane } from "./lanes.ts";
import { type Origin, OriginMarks, originField, readOrigin } from "./origin.ts";

const originOf = (seq: number, given: Partial<Origin> = {}): Origin => ({
  session: sessionNumber(1),
  lane: lane.telemetry,
  seq,
  sample: 0,
  ...given,
});

test("what was done on a way, and all before it, is known; what comes after it is not", () => {
  const marks = new OriginMarks(10);
  marks.done("way", originOf(5, { sample: 2 }));

  const known = [originOf(4, { sample: 9 }), originOf(5, { sample: 2 })];
  const fresh = [originOf(5, { sample: 3 }), originOf(6)];

  expect(known.map((origin) => marks.isDone("way", origin))).toEqual([true, true]);
  expect(fresh.map((origin) => marks.isDone("way", origin))).toEqual([false, false]);
});

test("ways, sessions and lanes are apart", () => {
  const marks = new OriginMarks(10);
  marks.done("way", originOf(5));

  expect(marks.isDone("another", originOf(5))).toBe(false);
  expect(marks.isDone("way", originOf(5, { session: sessionNumber(2) }))).toBe(false);
  expect(marks.isDone("way", originOf(5, { lane: lane.critical }))).toBe(false);
});

test("an earlier one moves no mark back", () => {
  const marks = new OriginMarks(10);
  marks.done("way", originOf(5));
  marks.done("way", originOf(3));

  expect(marks.isDone("way", originOf(5))).toBe(true);
});

test("an earlier session is known beside the next one, and the four used last are", () => {
  const marks = new OriginMarks(10);
  const sessions = [1, 2, 3, 4, 5];
  for (const number of sessions) marks.done("way", originOf(1, { session: sessionNumber(number) }));

  const known = sessions.map((number) =>
    marks.isDone("way", originOf(1, { session: sessionNumber(number) })),
  );
  expect(known).toEqual([false, true, true, true, true]);
});

test("of too many ways the one used longest ago is forgotten", () => {
  const marks = new OriginMarks(2, [
    { way: "a", ...originOf(1) },
    { way: "b", ...originOf(1) },
  ]);
  marks.done("a", originOf(2));
  marks.done("c", originOf(1));

  expect(["a", "b", "c"].map((way) => marks.isDone(way, originOf(1)))).toEqual([true, false, true]);
});

test.each([
  ["no array", 5],
  ["too short", [new Uint8Array(8), 2, 1]],
  ["another session", [new Uint8Array(7), 2, 1, 0]],
  ["no lane", [new Uint8Array(8), 4, 1, 0]],
  ["a number below 0", [new Uint8Array(8), 2, -1, 0]],
  ["a number that is not whole", [new Uint8Array(8), 2, 1.5, 0]],
  ["a text", [new Uint8Array(8), 2, "1", 0]],
])("%s is no origin", (_what, field) => {
  expect(readOrigin(field)).toBeUndefined();
});

test("an origin is read as it was written, also past what a newer peer appends", () => {
  const origin = originOf(7, { sample: 3 });

  expect(readOrigin([...originField(origin), "novel"])).toEqual(origin);
});
