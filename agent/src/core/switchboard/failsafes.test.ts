import { expect, test } from "vitest";
import { instant, millis } from "@interactor/shared/kernel/units";
import { type Failsafe, Failsafes } from "./failsafes.ts";

const calm: Failsafe = { hold: millis(5000), fade: millis(2000), to: 0 };

/** The level at each time; a dash where nothing is said. */
function levelsAt(failsafes: Failsafes, ...times: readonly number[]): readonly unknown[] {
  return times.map((time) => failsafes.tick(instant(time)).levels[0]?.value ?? "-");
}

test("an input holds its look, fades, and stays at the end", () => {
  const failsafes = new Failsafes();

  failsafes.lost("dmx/front", 0.8, calm, instant(1000));

  expect(levelsAt(failsafes, 1000, 5999, 6000, 7000, 8000, 9000)).toEqual(["-", "-", 0.8, 0.4, 0, "-"]);
  expect(failsafes.has("dmx/front")).toBe(true);
});

test("a fade asks to be looked at as often as a universe can be sent, and then not at all", () => {
  const failsafes = new Failsafes();
  failsafes.lost("dmx/front", 1, calm, instant(0));

  expect(failsafes.tick(instant(0)).next).toBe(5000);
  expect(failsafes.tick(instant(5000)).next).toBe(5025);
  expect(failsafes.tick(instant(7000)).next).toBeUndefined();
});

test("a source that is back ends it, and being lost twice begins nothing anew", () => {
  const failsafes = new Failsafes();
  failsafes.lost("dmx/front", 1, calm, instant(0));
  failsafes.lost("dmx/front", 0.5, calm, instant(4000));

  expect(levelsAt(failsafes, 6000)).toEqual([0.5]);
  failsafes.back("dmx/front");
  expect(levelsAt(failsafes, 6500, 9000)).toEqual(["-", "-"]);
});

test("what shall hold for ever does nothing", () => {
  const failsafes = new Failsafes();

  failsafes.lost("dmx/front", 1, { hold: null, fade: millis(0) }, instant(0));

  expect(failsafes.tick(instant(1e9))).toEqual({ levels: [], next: undefined });
});

test("what has no end is let go when it has held long enough, until its source says something", () => {
  const failsafes = new Failsafes();
  failsafes.lost("dmx/front", 1, { hold: millis(5000), fade: millis(0) }, instant(0));

  expect(failsafes.tick(instant(4999))).toEqual({ levels: [], next: 5000 });
  expect(failsafes.tick(instant(5000))).toEqual({
    levels: [{ input: "dmx/front", value: undefined }],
    next: undefined,
  });

  failsafes.letGo("dmx/front", "visitor");
  failsafes.free("dmx/front");
  expect([failsafes.has("dmx/front"), failsafes.letGoOf("dmx/front")]).toEqual([false, "visitor"]);
  failsafes.forget("dm");
  expect(failsafes.letGoOf("dmx/front")).toBe("visitor");
  failsafes.forget("dmx");
  expect(failsafes.letGoOf("dmx/front")).toBeUndefined();
});

test("what is no number goes to its end when it has held long enough", () => {
  const failsafes = new Failsafes();

  failsafes.lost("relay/on", true, { hold: millis(100), fade: millis(0), to: false }, instant(0));

  expect(levelsAt(failsafes, 99, 100, 101)).toEqual(["-", false, "-"]);
});
