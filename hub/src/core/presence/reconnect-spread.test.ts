import { expect, test } from "vitest";
import { instant } from "@interactor/shared/kernel/units";
import { nodesMax } from "@interactor/shared/wire/limits";
import { attemptsPerSecondMax, FleetSize, reconnectSpread, storm } from "./reconnect-spread.ts";

test("a small fleet need not spread", () => {
  expect(reconnectSpread(0)).toBeUndefined();
  expect(reconnectSpread(attemptsPerSecondMax)).toBeUndefined();
});

test("a large one spreads so that never more come in a second than may, also in its later attempts", () => {
  for (let nodes = attemptsPerSecondMax + 1; nodes <= nodesMax; nodes++) {
    const spread = (reconnectSpread(nodes) ?? 0) / 1000;

    expect(nodes / spread).toBeLessThanOrEqual(attemptsPerSecondMax);
    expect(nodes / (0.75 * spread)).toBeLessThanOrEqual(attemptsPerSecondMax);
    expect(spread).toBeLessThanOrEqual(7);
  }
});

test("a hub that starts again reckons with those that it knew, until they have had time to come", () => {
  const fleet = new FleetSize(500, instant(1000));

  expect(fleet.at(instant(1000), 0)).toBe(500);
  expect(fleet.at(instant(1000 + storm - 1), 300)).toBe(500);
  expect(fleet.at(instant(2000), 700)).toBe(700);
  expect(fleet.at(instant(1000 + storm), 300)).toBe(300);
});
