import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { seededRandom } from "@interactor/shared/kernel/random";
import { instant, millis } from "@interactor/shared/kernel/units";
import { firstSpan, longestSpan, provenAfter, Reconnect, spreadMax } from "./reconnect.ts";

const always = (value: number) => ({ next: () => value });
const failed = (policy: Reconnect, times: number): number[] =>
  Array.from({ length: times }, () => policy.delayAfterLoss(instant(0)));

test("the first attempt comes within a second, the next ones double to five", () => {
  expect(failed(new Reconnect(always(0)), 6)).toEqual([0, 2000, 4000, 5000, 5000, 5000]);
  expect(failed(new Reconnect(always(0.5)), 4)).toEqual([500, 1500, 3000, 3750]);
});

test("a connection that has proven itself makes the next attempt a first one again", () => {
  const policy = new Reconnect(always(0.5));
  failed(policy, 5);

  policy.up(instant(1000));

  expect(policy.delayAfterLoss(instant(1000 + provenAfter))).toBe(500);
});

test("a connection that is thrown out at once makes the next attempt later still", () => {
  const policy = new Reconnect(always(0));
  const delays = Array.from({ length: 4 }, (_, index) => {
    policy.up(instant(index * 100));
    return policy.delayAfterLoss(instant(index * 100 + 50));
  });

  expect(delays).toEqual([0, 2000, 4000, 5000]);
});

describe("a fleet that the hub asks to spread", () => {
  test("takes its first attempt anywhere within the spread, and tries no oftener later", () => {
    const policy = new Reconnect(always(0.5));

    policy.setSpread(8000);

    expect(failed(policy, 4)).toEqual([4000, 6000, 6000, 6000]);
  });

  test("is not sent away for the evening", () => {
    const policy = new Reconnect(always(0.999_999));
    policy.setSpread(24 * 3600 * 1000);

    expect(policy.delayAfterLoss(instant(0))).toBeLessThanOrEqual(spreadMax);
  });

  test("no longer spreads when the hub says nothing of it", () => {
    const policy = new Reconnect(always(0.5));
    policy.setSpread(8000);
    policy.setSpread(undefined);

    expect(policy.delayAfterLoss(instant(0))).toBe(firstSpan / 2);
  });
});

test("whatever happens, a wait is never negative nor longer than it may be", () => {
  const event = fc.oneof(fc.constant("up" as const), fc.constant("lost" as const), fc.nat(200_000));
  fc.assert(
    fc.property(fc.nat(), fc.array(event, { maxLength: 60 }), (seed, events) => {
      const policy = new Reconnect(seededRandom(seed));
      let at = 0;
      let spread = 0;
      for (const each of events) {
        at += 700;
        if (each === "up") policy.up(instant(at));
        else if (each === "lost") {
          const delay = policy.delayAfterLoss(instant(at));
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.max(longestSpan, Math.min(spread, spreadMax)));
        } else {
          spread = each;
          policy.setSpread(millis(each));
        }
      }
    }),
  );
});

test("five hundred that lose the hub together come back spread, never all in one moment", () => {
  const attempts = Array.from({ length: 500 }, (_, seed) => {
    const policy = new Reconnect(seededRandom(seed));
    policy.setSpread(3400);
    return policy.delayAfterLoss(instant(0));
  });

  const busiest = Math.max(
    ...Array.from(
      { length: 40 },
      (_, index) => attempts.filter((at) => Math.floor(at / 100) === index).length,
    ),
  );

  expect(Math.max(...attempts)).toBeLessThanOrEqual(3400);
  expect(busiest).toBeLessThan(40);
});
