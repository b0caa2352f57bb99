import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { instant } from "@interactor/shared/kernel/units";
import { feedInterval } from "@interactor/shared/wire/limits";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { noon } from "@interactor/shared/testing/builders";
import { Feed } from "./feed.ts";
import { rawLease, rawTapsMax } from "./raw-taps.ts";

function bench() {
  const out: (readonly [address: string, value: unknown])[] = [];
  const raw: (readonly [address: string, value: unknown])[] = [];
  const read = (payload: Uint8Array) => {
    const decoded = decodePublicValue(payload);
    return decoded.ok ? decoded.value.value : decoded.error;
  };
  const feed = new Feed("demo", {
    value: (address, payload) => void out.push([address, read(payload)]),
    raw: (address, payload) => void raw.push([address, read(payload)]),
  });
  const offer = (value: number, at: number, address = "pi/sim/distance") =>
    feed.offer(address, [{ at: noon, quality: 0, flags: 0, value }], instant(at));
  return { feed, out, raw, offer, flush: (at: number) => feed.flush(instant(at)) };
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
        feed.offer("a/b/c", [{ at: noon, quality: 0, flags: 0, value }], instant(at));
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

describe("a raw stream", () => {
  const topic = "ix/1/demo/raw/pi/sim/distance";

  test("has every value of the output that was asked for, and thins the public one as ever", () => {
    const { feed, out, raw, offer } = bench();

    expect(feed.taps.ask(topic, instant(0))).toBe(true);
    for (const value of [1, 2, 3]) offer(value, value);
    offer(9, 3, "pi/sim/motion");

    expect(raw.map(([address, value]) => [address, value])).toEqual([
      ["pi/sim/distance", 1],
      ["pi/sim/distance", 2],
      ["pi/sim/distance", 3],
    ]);
    expect(out.map(([, value]) => value)).toEqual([1, 9]);
  });

  test("ends with its lease, and goes on for who asks again", () => {
    const { feed, raw, offer } = bench();
    feed.taps.ask(topic, instant(0));

    feed.taps.ask(topic, instant(rawLease - 1));
    offer(1, rawLease + 1);
    offer(2, 2 * rawLease);

    expect(raw.map(([, value]) => value)).toEqual([1]);
    expect(feed.taps.open).toBe(0);
  });

  test("is given for a bounded number of outputs, and a place is free when a lease has ended", () => {
    const { feed } = bench();
    const ask = (index: number, at: number) => feed.taps.ask(`ix/1/demo/raw/pi/sim/out${index}`, instant(at));

    for (let index = 0; index < rawTapsMax; index++) expect(ask(index, 0)).toBe(true);

    expect(ask(rawTapsMax, 1)).toBe(false);
    expect(ask(3, 1)).toBe(true);
    expect(ask(rawTapsMax, rawLease)).toBe(true);
  });

  test.each(["ix/1/demo/raw/#", "ix/1/demo/raw/pi/sim/+", "ix/1/demo/#", "#", "ix/1/other/raw/a/b/c"])(
    "is not opened by %s",
    (filter) => {
      const { feed } = bench();

      expect(feed.taps.ask(filter, instant(0))).toBe(true);
      expect(feed.taps.open).toBe(0);
    },
  );
});
