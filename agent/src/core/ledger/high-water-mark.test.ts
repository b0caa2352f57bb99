import { expect, test } from "vitest";
import { instant } from "@interactor/shared/kernel/units";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { lane } from "@interactor/shared/wire/lanes";
import { sessionsBeforeMax } from "@interactor/shared/wire/limits";
import type { SessionBefore } from "@interactor/shared/wire/messages/node-ledger";
import { HighWaterMark } from "./high-water-mark.ts";

const telemetry = (count: number) => (of: number) => (of === lane.telemetry ? count : 0);
const before = (session: number, count: number): SessionBefore => ({
  session: sessionNumber(session),
  held: [0, 0, count, 0],
});

function bench() {
  const mark = new HighWaterMark(sessionNumber(9));
  return {
    mark,
    observe: (count: number, at: number) =>
      mark.observe(telemetry(count), instant(at))?.map(({ held }) => held[2]),
  };
}

test("a mark is written ahead of what is in memory, a burst's worth at least, and not again while it holds", () => {
  const { observe } = bench();

  expect(observe(1, 0)).toEqual([256]);
  expect([6, 90, 128].map((count) => observe(count, 5000))).toEqual([undefined, undefined, undefined]);
});

test("a burst without a hub is on disk at once, however short ago the mark was written", () => {
  const { observe } = bench();
  observe(1, 0);

  expect(observe(5000, 10)).toEqual([10_512]);
});

test("whatever is in memory, the mark on disk is at least as much, and written few times on the way there", () => {
  const { observe } = bench();
  let onDisk = 0;
  let writes = 0;

  for (let held = 1; held <= 30_000; held += 1) {
    // The write is on its way while this comes in.
    expect(held).toBeLessThanOrEqual(Math.max(2 * onDisk, 1));
    const [written] = observe(held, held / 100) ?? [];
    writes += written === undefined ? 0 : 1;
    onDisk = written ?? onDisk;
    expect(held).toBeLessThanOrEqual(onDisk);
  }

  expect(writes).toBeLessThan(12);
});

test("a mark comes down when much less has been in memory for a minute", () => {
  const { observe } = bench();
  observe(5000, 0);

  expect(observe(3, 61_000)).toBeUndefined();
  expect(observe(3, 122_000)).toEqual([256]);
  expect(observe(3, 183_000)).toBeUndefined();
  expect(observe(0, 244_000)).toEqual([0]);
});

test("a mark never says more than the queue of a hop can hold, unless a spool without a disk holds more", () => {
  expect(bench().observe(10_500, 0)).toEqual([10_512]);
  expect(bench().observe(10_513, 0)).toEqual([32_768]);
});

test("a mark that could not be written is tried again, once a second", () => {
  const { mark, observe } = bench();
  observe(1, 0);
  mark.notWritten();

  expect(observe(1, 500)).toBeUndefined();
  expect(mark.dueAt).toBe(1000);
  expect(observe(1, 1000)).toEqual([256]);
});

test("lives that ended without a word are kept until the hub has heard of them", () => {
  const { mark, observe } = bench();
  mark.load([before(1, 4), before(2, 0)]);

  expect(mark.before).toEqual([before(1, 4)]);
  expect(observe(1, 0)).toEqual([4, 256]);
  mark.heard(mark.before);
  expect(observe(1, 2000)).toEqual([256]);
  expect(mark.before).toEqual([]);
});

test("more lives than may be told are told as fewer, and none is forgotten", () => {
  const { mark } = bench();

  mark.load(Array.from({ length: sessionsBeforeMax + 3 }, (_, index) => before(index + 20, 2)));

  expect(mark.before).toHaveLength(sessionsBeforeMax);
  expect(mark.before.reduce((sum, { held }) => sum + held[2], 0)).toBe(2 * (sessionsBeforeMax + 3));
});

test("an end in good order leaves the exact number", () => {
  const { mark, observe } = bench();
  observe(100, 0);

  expect(mark.last(telemetry(3))).toEqual([before(9, 3)]);
});
