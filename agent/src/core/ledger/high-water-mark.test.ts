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

test("a mark is written ahead of what is in memory, and not again while it holds", () => {
  const { observe } = bench();

  expect(observe(5, 0)).toEqual([16]);
  expect([6, 12, 16].map((count) => observe(count, 5000))).toEqual([undefined, undefined, undefined]);
});

test("a mark that is passed is raised, once a second at most", () => {
  const { mark, observe } = bench();
  observe(5, 0);

  expect(observe(17, 500)).toBeUndefined();
  expect(mark.dueAt).toBe(1000);
  expect(observe(3, 1000)).toEqual([64]);
});

test("a mark comes down when much less has been in memory for a minute", () => {
  const { observe } = bench();
  observe(5000, 0);

  expect(observe(3, 61_000)).toBeUndefined();
  expect(observe(3, 122_000)).toEqual([8]);
});

test("a mark never says more than a process can hold", () => {
  const { observe } = bench();

  expect(observe(10_500, 0)).toEqual([10_512]);
});

test("lives that ended without a word are kept until the hub has heard of them", () => {
  const { mark, observe } = bench();
  mark.load([before(1, 4), before(2, 0)]);

  expect(mark.before).toEqual([before(1, 4)]);
  expect(observe(1, 0)).toEqual([4, 4]);
  mark.heard(mark.before);
  expect(observe(1, 2000)).toEqual([4]);
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
