import { expect, test } from "vitest";
import { instant, micros } from "@interactor/shared/kernel/units";
import { noon } from "@interactor/shared/testing/builders";
import { ClockWatch } from "./clock-watch.ts";

const day = 24 * 3600 * 1000;

/** What a look says `seconds` later, when the clock was set by `step` ms and bent by `bend`. */
function after(seconds: number, step: number, bend = 0) {
  const watch = new ClockWatch();
  watch.look(instant(5), noon);
  return watch.look(instant(5 + seconds * 1000), micros(noon + seconds * 1e6 * (1 + bend) + step * 1000));
}

test.each([day, -day, 50, -50])("a clock that is set by %s ms is noticed", (step) => {
  expect(after(1, step)).toBeCloseTo(step, 1);
});

test("a clock that runs, or is bent gently, or was not looked at for an hour, was not set", () => {
  expect([after(1, 0), after(1, 3), after(1, 0, 400e-6), after(3600, 0, -400e-6)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a step is told once", () => {
  const watch = new ClockWatch();
  watch.look(instant(0), noon);
  watch.look(instant(1000), micros(noon + day * 1000));

  expect(watch.look(instant(2000), micros(noon + day * 1000 + 1_000_000))).toBeUndefined();
});
