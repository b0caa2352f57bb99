import { expect, test } from "vitest";
import fc from "fast-check";
import { instant } from "@interactor/shared/kernel/units";
import { feedInterval } from "@interactor/shared/wire/limits";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { noon } from "@interactor/shared/testing/builders";
import { Feed } from "./feed.ts";

function bench() {
  const out: (readonly [address: string, value: unknown])[] = [];
  const feed = new Feed((address, payload) => {
    const decoded = decodePublicValue(payload);
    out.push([address, decoded.ok ? decoded.value.value : decoded.error]);
  });
  const offer = (value: number, at: number, address = "pi/sim/distance") =>
    feed.offer(address, { at: noon, quality: 0, flags: 0, value }, instant(at));
  return { feed, out, offer, flush: (at: number) => feed.flush(instant(at)) };
}

test("the first value goes out at once, then the last of each interval", () => {
  const { out, offer, flush } = bench();

  offer(1, 0);
  offer(2, 10);
  offer(3, 20);
  expect(flush(20)).toBe(feedInterval);
  expect(out).toEqual([["pi/sim/distance", 1]]);
  expect(flush(feedInterval)).toBeUndefined();

  expect(out).toEqual([
    ["pi/sim/distance", 1],
    ["pi/sim/distance", 3],
  ]);
});

test("a value that is due at once takes the place of a held one", () => {
  const { out, offer, flush } = bench();
  offer(1, 0);
  offer(2, 10);

  offer(3, feedInterval);
  flush(10 * feedInterval);

  expect(out.map(([, value]) => value)).toEqual([1, 3]);
});

test("each value has its own interval", () => {
  const { out, offer } = bench();

  offer(1, 0);
  offer(2, 1, "pi/sim/motion");

  expect(out.map(([address]) => address)).toEqual(["pi/sim/distance", "pi/sim/motion"]);
});

test("however fast values come, twenty a second go out, and the last always does", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 100 }), (waits) => {
      const { feed, out } = bench();
      const times: number[] = [];
      let at = 0;
      const offer = (value: number) =>
        feed.offer("a/b/c", { at: noon, quality: 0, flags: 0, value }, instant(at));
      const note = () => {
        while (times.length < out.length) times.push(at);
      };
      for (const [value, wait] of waits.entries()) {
        const end = at + wait;
        for (let due = feed.flush(instant(at)); due !== undefined && due <= end; due = feed.flush(due)) {
          at = due;
          feed.flush(due);
          note();
        }
        at = end;
        offer(value);
        note();
      }
      at += feedInterval;
      feed.flush(instant(at));
      note();

      expect(out.at(-1)?.[1]).toBe(waits.length - 1);
      for (const [index, time] of times.entries()) {
        if (index > 0) expect(time - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(feedInterval);
      }
    }),
  );
});

test("values beyond the limit are refused and counted, known ones go on", () => {
  const { feed, offer } = bench();
  const known = 100_000;
  for (let index = 0; index < known; index++) offer(0, 0, `n/i/p${index}`);
  expect(feed.refused).toBe(0);

  offer(1, 0, "one/too/many");
  offer(2, feedInterval, "n/i/p0");

  expect([feed.values, feed.refused]).toEqual([known, 1]);
});
