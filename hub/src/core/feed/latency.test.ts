import { expect, test } from "vitest";
import fc from "fast-check";
import { Latency, latencyBounds, spanMax } from "./latency.ts";

test("without observations there are no quantiles", () => {
  expect(new Latency().takeQuantiles()).toEqual({ p50: null, p99: null });
});

test("quantiles are of what came since they were last taken, in ms", () => {
  const latency = new Latency();
  for (let ms = 1; ms <= 100; ms++) latency.observe(ms / 1000);

  const { p50, p99 } = latency.takeQuantiles();

  expect(p50).toBeCloseTo(51);
  expect(p99).toBeCloseTo(100);
  expect(latency.takeQuantiles()).toEqual({ p50: null, p99: null });
});

test("a reading from the future says nothing, nor one from before the clock was set, and both are counted", () => {
  const latency = new Latency();

  latency.observe(-0.5);
  for (let count = 0; count < 10; count++) latency.observe(86_400);

  expect(latency.untimed).toBe(11);
  expect(latency.takeQuantiles()).toEqual({ p50: null, p99: null });
  expect(latency.sum).toBe(0);
  expect(latency.counts.every((count) => count === 0)).toBe(true);
});

test("the longest span that is one is counted", () => {
  const latency = new Latency();

  latency.observe(spanMax);

  expect([latency.sum, latency.untimed, latency.counts.at(-1)]).toEqual([spanMax, 0, 1]);
});

test("each observation is counted in the one bucket it belongs to", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true })), (spans) => {
      const latency = new Latency();
      for (const span of spans) latency.observe(span);

      for (const [index, count] of latency.counts.entries()) {
        const least = latencyBounds[index - 1] ?? Number.NEGATIVE_INFINITY;
        const most = latencyBounds[index] ?? Number.POSITIVE_INFINITY;
        expect(count).toBe(spans.filter((span) => span > least && span <= most).length);
      }
    }),
  );
});

test("quantiles lie between the least and the largest, and the higher one is the larger", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 3000 }),
      (spans) => {
        const latency = new Latency();
        for (const span of spans) latency.observe(span);
        const recent = spans.slice(-2048).map((span) => span * 1000);

        const { p50, p99 } = latency.takeQuantiles();

        expect(p50).toBeGreaterThanOrEqual(Math.min(...recent));
        expect(p99).toBeGreaterThanOrEqual(p50 ?? Number.NaN);
        expect(p99).toBeLessThanOrEqual(Math.max(...recent));
      },
    ),
  );
});
