import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { levelMax, slotCount, Universe } from "./universe.ts";

describe("a universe", () => {
  test("is dark when nobody drives it", () => {
    const universe = new Universe({ wash: { channel: 1 } });

    expect(universe.levels).toEqual(new Uint8Array(slotCount));
  });

  test("shows a raw channel on its slot, counted from 1", () => {
    const universe = new Universe({});

    expect(universe.set("ch1", 7)).toBe(true);
    expect(universe.set("ch512", 9)).toBe(true);

    expect([universe.levels[0], universe.levels[511]]).toEqual([7, 9]);
  });

  test.each([
    [0, 0],
    [0.5, 128],
    [0.999, 255],
    [1, 255],
  ])("shows a dimmer at %d as level %d", (value, level) => {
    const universe = new Universe({ wash: { channel: 10 } });

    universe.set("wash", value);

    expect(universe.levels[9]).toBe(level);
  });

  test("lets a raw channel beat the dimmer on its slot, even when it is lower, and shows the dimmer again", () => {
    const universe = new Universe({ wash: { channel: 3 } });
    universe.set("wash", 1);

    universe.set("ch3", 0);
    const whileOwned = universe.levels[2];
    universe.set("ch3", undefined);

    expect([whileOwned, universe.levels[2]]).toEqual([0, 255]);
  });

  test("shows the highest of two dimmers on one slot", () => {
    const universe = new Universe({ low: { channel: 3 }, high: { channel: 3 } });
    universe.set("low", 0.2);
    universe.set("high", 0.8);

    const both = universe.levels[2];
    universe.set("high", undefined);

    expect([both, universe.levels[2]]).toEqual([204, 51]);
  });

  test("says whether a slot changed, so that what changes nothing sends nothing", () => {
    const universe = new Universe({ wash: { channel: 1 } });

    expect(universe.set("ch1", 5)).toBe(true);
    expect(universe.set("ch1", 5)).toBe(false);
    expect(universe.set("wash", 1)).toBe(false);
    expect(universe.set("ch513", 5)).toBe(false);
    expect(universe.set("nothing", 5)).toBe(false);
  });

  test("keeps a value that is out of range inside a byte", () => {
    const universe = new Universe({ wash: { channel: 2 } });

    universe.set("ch1", 256);
    universe.set("wash", -0.5);

    expect([universe.levels[0], universe.levels[1]]).toEqual([255, 0]);
  });
});

describe("whatever is set and released", () => {
  const dimmers = { a: { channel: 1 }, b: { channel: 1 }, c: { channel: 2 } };
  const step = fc.oneof(
    fc.record({
      input: fc.constantFrom("ch1", "ch2"),
      value: fc.option(fc.integer({ min: 0, max: levelMax })),
    }),
    fc.record({
      input: fc.constantFrom("a", "b", "c"),
      value: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    }),
  );

  test("each slot shows its raw channel, else its highest dimmer, else dark", () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const universe = new Universe(dimmers);
        const owned = new Map<string, number>();

        for (const { input, value } of steps) {
          const before = Uint8Array.from(universe.levels);
          const isChanged = universe.set(input, value ?? undefined);
          if (value === null) owned.delete(input);
          else owned.set(input, value);

          const dimmed = (...names: string[]): number =>
            Math.max(...names.map((name) => Math.round((owned.get(name) ?? 0) * levelMax)));
          expect(universe.levels[0]).toBe(owned.get("ch1") ?? dimmed("a", "b"));
          expect(universe.levels[1]).toBe(owned.get("ch2") ?? dimmed("c"));
          expect(isChanged).toBe(Buffer.compare(before, universe.levels) !== 0);
        }
      }),
    );
  });
});
