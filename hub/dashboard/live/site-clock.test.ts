import { expect, test } from "vitest";
import { clockSamples } from "./limits.ts";
import { SiteClock } from "./site-clock.ts";

test("the site's clock is the hub's, by the metric that came quickest", () => {
  let wall = 500_000;
  const clock = new SiteClock(() => wall);

  for (const delay of [40, 3, 90]) {
    clock.hear(wall - 60_000 - delay);
    wall += 1000;
  }

  expect(clock.now()).toBe(wall - 60_003);
});

test("before the hub was heard it is this machine's", () => {
  expect(new SiteClock(() => 42).now()).toBe(42);
});

test("a hub whose clock steps is followed after a while", () => {
  let wall = 0;
  const clock = new SiteClock(() => wall);
  clock.hear(0);

  for (let heard = 0; heard < clockSamples; heard++) {
    wall += 1000;
    clock.hear(wall - 5000);
  }

  expect(clock.now()).toBe(wall - 5000);
});
