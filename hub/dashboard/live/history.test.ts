import * as fc from "fast-check";
import { expect, test } from "vitest";
import { History } from "./history.ts";
import { historyStep, historySteps } from "./limits.ts";

interface Step {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

function stepsOf(history: History, from = 0): Step[] {
  const steps: Step[] = [];
  history.visit(from, (at, low, high, last) => steps.push({ at, low, high, last }));
  return steps;
}

test("a step keeps its least, its most and its last value", () => {
  const history = new History();

  for (const value of [5, 1, 9, 4]) history.add(1_000_000, value);

  expect(stepsOf(history)).toEqual([{ at: 1_000_000, low: 1, high: 9, last: 4 }]);
});

test("what is older than the history is gone, and a long silence leaves nothing of before", () => {
  const history = new History();
  history.add(1_000_000, 1);

  history.add(1_000_000 + historySteps * historyStep, 2);

  expect(stepsOf(history).map(({ last }) => last)).toEqual([2]);
});

test("a sample that comes late fills its own step and not the newest", () => {
  const history = new History();
  history.add(1_000_000, 1);
  history.add(1_001_000, 3);

  history.add(1_000_500, 2);

  expect(stepsOf(history).map(({ last }) => last)).toEqual([1, 2, 3]);
});

test("a line begins with the last value before it", () => {
  const history = new History();
  history.add(1_000_000, 7);
  history.add(1_010_000, 8);

  expect(history.before(1_005_000)).toBe(7);
  expect(history.before(1_000_000)).toBeUndefined();
  expect(history.oldest()).toBe(1_000_000);
  expect(new History().oldest()).toBeUndefined();
  expect(stepsOf(history, 1_005_000).map(({ last }) => last)).toEqual([8]);
});

test("whatever comes in, the history holds no more than its steps, in order, least ≤ last ≤ most", () => {
  const sample = fc.tuple(fc.integer({ min: 0, max: 10 * historySteps * historyStep }), fc.double());
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), (samples) => {
      const history = new History();
      for (const [at, value] of samples) history.add(at, value);

      const steps = stepsOf(history);

      expect(steps.length).toBeLessThanOrEqual(historySteps);
      expect(steps).toEqual(steps.toSorted((a, b) => a.at - b.at));
      expect(steps.every(({ low, last, high }) => low <= last && last <= high)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
