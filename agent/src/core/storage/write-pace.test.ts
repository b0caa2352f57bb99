import { expect, test } from "vitest";
import { instant } from "@interactor/shared/kernel/units";
import { WritePace } from "./write-pace.ts";

const day = 24 * 3600 * 1000;

/** How often who always has something new writes it in this time. */
function writesIn(span: number, bytes: number): number {
  const pace = new WritePace();
  let writes = 0;
  for (let at = pace.openAt(instant(0)); at < span; at = pace.openAt(at)) {
    pace.wrote(bytes, at);
    writes += 1;
  }
  return writes;
}

test("a few writes come at once, and then two a second", () => {
  expect(writesIn(1, 100)).toBe(11);
  expect(writesIn(60_000, 100)).toBe(10 + 120);
});

test("what is written in a day is bounded, also where each write is large", () => {
  for (const bytes of [1, 1000, 47_000]) {
    const written = (writesIn(day, bytes) * (bytes + 8192)) / 1e6;
    expect(written).toBeGreaterThan(250);
    expect(written).toBeLessThan(256 + 32 + 1);
  }
});
