import { millis } from "@interactor/shared/sdk/define-module";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { curves, faded, progress } from "./fade.ts";

test.each(curves)("%s begins at the one level, ends at the other and never turns back", (curve) => {
  const level = fc.nat(255);
  fc.assert(
    fc.property(level, level, fc.integer({ min: 1, max: 1000 }), (from, to, span) => {
      const at = (gone: number): number => faded(from, to, progress(curve, gone, millis(span)));

      expect([at(-1), at(0), at(span), at(span + 1)]).toEqual([from, from, to, to]);
      for (let gone = 1; gone <= span; gone += Math.max(Math.floor(span / 10), 1)) {
        expect(Math.abs(to - at(gone))).toBeLessThanOrEqual(Math.abs(to - at(gone - 1)));
      }
    }),
  );
});

test("half way the curves differ", () => {
  const half = Object.fromEntries(curves.map((curve) => [curve, progress(curve, 500, millis(1000))]));

  expect(half).toEqual({ linear: 0.5, smooth: expect.closeTo(0.5), "slow-start": 0.25, "slow-end": 0.75 });
});

test("a fade without time is over at once", () => {
  expect(progress("linear", 0, millis(0))).toBe(1);
});
