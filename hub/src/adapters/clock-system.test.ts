import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { steadyWall } from "./clock-system.ts";

test.each([8, -8])("setting the date by %s days makes nothing older or younger", (days) => {
  const clock = new VirtualClock();
  const wall = steadyWall(clock);
  const before = wall();

  clock.advance(seconds(5));
  clock.stepWall(days * 24 * 3600 * 1000);

  expect(wall() - before).toBe(5_000_000);
});
