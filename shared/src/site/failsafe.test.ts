import { expect, test } from "vitest";
import { seconds } from "../kernel/units.ts";
import { type Level, parseFailsafe } from "./failsafe.ts";

const read = (written: Level) => {
  const parsed = parseFailsafe(written);
  return parsed.ok ? parsed.value : `${parsed.error.offset}: ${parsed.error.message}`;
};
const level = (value: Level) => ({ kind: "level", level: value });

test.each([
  ["hold 5s -> fade 3s -> 0", { hold: seconds(5), fade: seconds(3), to: level(0) }],
  ["hold 5 s->fade 3 s->level 0.2", { hold: seconds(5), fade: seconds(3), to: level(0.2) }],
  ["fade 2s -> scene night", { hold: 0, fade: seconds(2), to: { kind: "scene", scene: "night" } }],
  ["hold 1m -> false", { hold: seconds(60), fade: 0, to: level(false) }],
  ['hold 1s -> "stop"', { hold: seconds(1), fade: 0, to: level("stop") }],
  ["hold 5s -> release", { hold: seconds(5), fade: 0, to: { kind: "release" } }],
  ["release", { hold: 0, fade: 0, to: { kind: "release" } }],
  ["hold", { hold: null, fade: 0, to: { kind: "none" } }],
  [0.5, { hold: 0, fade: 0, to: level(0.5) }],
  [true, { hold: 0, fade: 0, to: level(true) }],
])("%s is read", (written, expected) => {
  expect(read(written)).toEqual(expected);
});

test.each([
  ["hold 5 -> 0", /^0: hold takes a time/],
  ["hold 5s -> fade -> 0", /^11: fade takes a time/],
  ["hold -> 0", /^0: hold without a time is for ever/],
  ["hold 5s", /^0: it ends in a level, a scene or release/],
  ["fade 3s", /^0: it ends in a level, a scene or release/],
  ["fade 3s -> hold 5s -> 0", /^11: hold stands once, and first/],
  ["0 -> fade 3s", /^5: nothing follows/],
  ["release -> 0", /^11: nothing follows/],
  ["hold 5s -> fade 3s -> release", /^22: nobody knows where a fade to release would lead/],
  ["hold -> release", /^0: hold without a time is for ever/],
  ["release all", /^0: a failsafe is such as/],
  ["hodl 5s -> 0", /^0: a failsafe is such as/],
  ["hold 25h -> 0", /^0: hold takes a time/],
  ["", /^0: a failsafe is such as/],
  ["scene Night", /^0: a failsafe is such as/],
])("%s is refused where it is wrong", (written, words) => {
  expect(read(written)).toMatch(words);
});
