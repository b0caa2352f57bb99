import { expect, test } from "vitest";
import { nodesMax } from "@interactor/shared/wire/limits";
import { attemptsPerSecondMax, reconnectSpread } from "./reconnect-spread.ts";

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
