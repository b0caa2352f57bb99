import { expect, test } from "vitest";
import { instant } from "@interactor/shared/kernel/units";
import { instancesMax } from "@interactor/shared/wire/limits";
import { BirthPace } from "./birth-pace.ts";

/** How many births are said in `during` ms, when something is declared anew every ten. */
function said(pace: BirthPace, { from, during }: { readonly from: number; readonly during: number }): number {
  let births = 0;
  for (let at = from; at < from + during; at += 10) {
    pace.changed();
    if (!pace.isDue(instant(at))) continue;
    pace.said(instant(at));
    births += 1;
  }
  return births;
}

test("all instances of a node may declare at once, and who goes on is said once a second", () => {
  const pace = new BirthPace();

  expect(said(pace, { from: 0, during: 10_000 })).toBe(instancesMax + 10);
  expect(said(pace, { from: 10_000, during: 60_000 })).toBe(60);
});

test("what waits is due when its second is over, and after a pause all may come at once again", () => {
  const pace = new BirthPace();
  said(pace, { from: 0, during: 5000 });
  pace.changed();

  expect(pace.isDue(instant(5000))).toBe(true);
  expect(pace.said(instant(5000))).toBe(true);
  pace.changed();
  expect(pace.dueAt(instant(5500))).toBe(6000);
  expect(pace.dueAt(instant(7000))).toBe(7000);

  expect(said(pace, { from: 200_000, during: 1000 })).toBe(instancesMax + 1);
});

test("without news there is nothing to say", () => {
  const pace = new BirthPace();
  expect(pace.dueAt(instant(0))).toBeUndefined();

  pace.changed();
  expect(pace.said(instant(0))).toBe(false);

  expect(pace.isDue(instant(5000))).toBe(false);
});
