import { instant, micros } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { LatencyMeter } from "./latency.ts";

/** A meter that started at 0 ms, when the wall clock said 1 s. */
const wallAt = (ms: number) => micros(1_000_000 + ms * 1000);

test("the worst time from a reading to its frame is kept until it is taken", () => {
  const meter = new LatencyMeter(instant(0));
  meter.changed(wallAt(100));
  meter.sent(wallAt(104), instant(104));
  meter.changed(wallAt(200));
  meter.sent(wallAt(201), instant(201));

  expect([meter.takeWorst(), meter.takeWorst()]).toEqual([4, undefined]);
});

test("a frame that shows several readings is as late as the oldest of them", () => {
  const meter = new LatencyMeter(instant(0));

  for (const stamp of [102, 100, 104]) meter.changed(wallAt(stamp));
  meter.sent(wallAt(110), instant(110));

  expect(meter.takeWorst()).toBe(10);
});

test("a keep-alive says nothing", () => {
  const meter = new LatencyMeter(instant(0));

  meter.sent(wallAt(900), instant(900));

  expect(meter.takeWorst()).toBeUndefined();
});

test("a reading that was held elsewhere since before the start, or has seen a clock step, does not count", () => {
  const meter = new LatencyMeter(instant(0));

  meter.changed(wallAt(-50));
  meter.sent(wallAt(10), instant(10));
  meter.changed(wallAt(500));
  meter.sent(wallAt(20), instant(20));

  expect(meter.takeWorst()).toBeUndefined();
});
