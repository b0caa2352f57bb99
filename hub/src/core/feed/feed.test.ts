import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { instant } from "@interactor/shared/kernel/units";
import {
  feedInterval,
  keptBytesMax,
  keptBytesOfNodeMax,
  keptValueBytesMax,
  keptValuesOfNodeMax,
} from "@interactor/shared/wire/limits";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import type { Value } from "@interactor/shared/wire/value";
import { noon } from "@interactor/shared/testing/builders";
import { Feed } from "./feed.ts";
import { overheadBytes } from "./value-shares.ts";
import { rawLease, rawTapsMax } from "./raw-taps.ts";

const sourceOf = (address: string) => ({ node: address.split("/")[0] ?? "", address });

function bench() {
  const out: (readonly [address: string, value: unknown])[] = [];
  const raw: (readonly [address: string, value: unknown])[] = [];
  const read = (payload: Uint8Array) => {
    if (payload.length === 0) return "gone";
    const decoded = decodePublicValue(payload);
    return decoded.ok ? decoded.value.value : decoded.error;
  };
  const feed = new Feed("demo", {
    value: (address, payload) => void out.push([address, read(payload)]),
    raw: (address, payload) => void raw.push([address, read(payload)]),
  });
  const offer = (value: Value, at: number, address = "pi/sim/distance") =>
    feed.offer(sourceOf(address), [{ at: noon, quality: 0, flags: 0, value }], instant(at));
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
        feed.offer(sourceOf("a/b/c"), [{ at: noon, quality: 0, flags: 0, value }], instant(at));
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

describe("of what is kept", () => {
  const large = (bytes: number) => new Uint8Array(bytes);

  test("a value that is too large is not, and takes away the one that was true before it", () => {
    const { feed, out, offer, flush } = bench();
    offer(1, 0);

    expect(offer(large(keptValueBytesMax + 1), 1)).toBe("too-large-to-keep");
    flush(feedInterval);
    offer(3, 2 * feedInterval);

    expect(out.map(([, value]) => value)).toEqual([1, "gone", 3]);
    expect([feed.values, feed.refused]).toEqual([1, 1]);
  });

  test("the largest that may be is", () => {
    const { out, offer } = bench();

    expect(offer(large(keptValueBytesMax), 0)).toBeUndefined();
    expect(out).toEqual([["pi/sim/distance", large(keptValueBytesMax)]]);
  });

  test("one that comes and goes for its size is published no more often than others", () => {
    const { out, offer } = bench();

    for (let at = 0; at < feedInterval; at++) offer(at % 2 === 0 ? at : large(200 * 1024), at);

    expect(out).toHaveLength(1);
  });

  test("a node has a bounded number, and what it has goes on", () => {
    const { feed, offer } = bench();
    for (let index = 0; index < keptValuesOfNodeMax; index++) offer(0, 0, `greedy/i${index}/x`);

    expect(offer(0, 0, "greedy/i/more")).toBe("no-room-to-keep");
    expect(offer(1, 1, "greedy/i0/x")).toBeUndefined();
    expect(offer(0, 0, "other/i/x")).toBeUndefined();
    expect(feed.values).toBe(keptValuesOfNodeMax + 1);
  });

  test("a node has a bounded number of bytes, however few values it has them in", () => {
    const { offer } = bench();
    const taken = Array.from({ length: 512 }, (_, index) => offer(large(30_000), 0, `greedy/i${index}/x`));

    const kept = taken.filter((refusal) => refusal === undefined).length;
    expect(kept).toBe(Math.floor(keptBytesOfNodeMax / (30_000 + overheadBytes)));
    expect(offer(large(keptValueBytesMax + 1), 0, "other/i/x")).toBe("too-large-to-keep");
    expect(offer(large(30_000), 0, "other/i/x")).toBeUndefined();
  });

  test("nobody can take all: a node that comes last has its own", () => {
    const { feed, offer } = bench();
    for (let node = 0; node < 100; node++)
      for (let index = 0; index < 150; index++) offer(large(30_000), 0, `greedy${node}/i${index}/x`);

    expect(offer(large(30_000), 0, "poor/i/x")).toBeUndefined();
    expect(offer(large(30_000), 0, "poor/i/y")).toBeUndefined();
    expect(offer(large(30_000), 0, "poor/i/z")).toBe("no-room-to-keep");
    expect(feed.values * (30_000 + overheadBytes)).toBeLessThan(2 * keptBytesMax);
  });

  test("what its node does not declare any more is gone, and leaves room", () => {
    const { feed, out, offer } = bench();
    for (let index = 0; index < keptValuesOfNodeMax; index++) offer(index, 0, `pi/ch/ch${index}`);
    offer(7, 0, "pi2/ch/ch2000");

    const gone = feed.keep("pi", ({ port }) => port !== "ch2000");

    expect(gone).toEqual(["pi/ch/ch2000"]);
    expect(out.slice(-2)).toEqual([
      ["pi2/ch/ch2000", 7],
      ["pi/ch/ch2000", "gone"],
    ]);
    expect(offer(1, 0, "pi/new/x")).toBeUndefined();
    expect(feed.keep("pi", () => false)).toHaveLength(keptValuesOfNodeMax);
    expect(feed.values).toBe(1);
  });

  test("what waits of an output that is gone does not go out", () => {
    const { feed, out, offer, flush } = bench();
    offer(1, 0);
    offer(2, 1);

    feed.keep("pi", () => false);
    flush(feedInterval);

    expect(out.map(([, value]) => value)).toEqual([1, "gone"]);
  });

  test("whatever comes and goes, no bound is passed and what is gone is free again", () => {
    const size = fc.constantFrom(1, 100, keptValueBytesMax, keptValueBytesMax + 1, 200_000);
    const step = fc.record({ node: fc.nat(3), port: fc.nat(300), size, drops: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { feed, out, offer, flush } = bench();
        for (const [at, { node, port, size: bytes, drops }] of steps.entries()) {
          offer(large(bytes), at * feedInterval, `n${node}/i/p${port}`);
          if (drops === 0) feed.keep(`n${node}`, (address) => address.port !== `p${port}`);
        }
        flush(steps.length * feedInterval);
        const last = new Map(out);
        for (const value of last.values()) {
          if (value instanceof Uint8Array) expect(value.length).toBeLessThanOrEqual(keptValueBytesMax);
        }
        for (let node = 0; node <= 3; node++) feed.keep(`n${node}`, () => false);
        expect(feed.values).toBe(0);
        expect([...new Map(out).values()].every((value) => value === "gone")).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
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
