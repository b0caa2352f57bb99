import { expect, test } from "vitest";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { instant } from "@interactor/shared/kernel/units";
import { Transit } from "./transit.ts";

const hub = sessionNumber(1);
/** The hub's clock is ahead of the node's by this. */
const ahead = 500_000;
const arrive = (transit: Transit, at: number, onTheWay: number, more = 0): number =>
  transit.delayOf(hub, at - onTheWay + ahead + more, instant(at));

test("a batch that took longer than the best one is late by the difference", () => {
  const transit = new Transit();

  expect([20, 5, 1005, 7].map((onTheWay, index) => arrive(transit, 1000 * index, onTheWay))).toEqual([
    0, 0, 1000, 2,
  ]);
});

test("clocks that drift are followed", () => {
  const transit = new Transit();
  // A day, a batch every 16 s, 100 ppm.
  const delays = Array.from({ length: 5400 }, (_, index) => arrive(transit, 16_000 * index, 5, -1.6 * index));

  expect(Math.max(...delays)).toBeLessThan(10);
});

test("after a clock that stood still for a while no more is late than for a minute", () => {
  const transit = new Transit();
  arrive(transit, 0, 5);

  // The hub's machine was asleep for two seconds.
  expect(arrive(transit, 10_000, 5, -2000)).toBe(2000);
  for (let at = 20_000; at <= 70_000; at += 10_000) arrive(transit, at, 5, -2000);
  expect(arrive(transit, 80_000, 5, -2000)).toBe(0);
});

test("what is measured against an earlier life of the hub, or against a batch of long ago, says nothing", () => {
  const transit = new Transit();
  arrive(transit, 0, 5);

  expect(transit.delayOf(sessionNumber(2), 17, instant(10))).toBe(0);
  expect(transit.delayOf(sessionNumber(2), 17, instant(80_000))).toBe(0);
});
