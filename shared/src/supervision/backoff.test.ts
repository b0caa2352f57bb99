import { expect, test } from "vitest";
import fc from "fast-check";
import { seededRandom } from "../kernel/random.ts";
import { seconds } from "../kernel/units.ts";
import { retryDelays } from "./backoff.ts";

const first = (count: number, random = { next: () => 0 }, longest = seconds(60)) => {
  const delays = retryDelays(random, longest);
  return Array.from({ length: count }, () => delays.next().value);
};

test("waits double from a second to the longest", () => {
  expect(first(8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(first(5, undefined, seconds(10))).toEqual([1000, 2000, 4000, 8000, 10_000]);
});

test("each is shortened by chance, by half at most", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const [index, delay] of first(10, seededRandom(seed)).entries()) {
        const span = Math.min(1000 * 2 ** index, 60_000);
        expect(delay).toBeGreaterThan(span / 2 - 1);
        expect(delay).toBeLessThanOrEqual(span);
      }
    }),
  );
});
