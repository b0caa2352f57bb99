import { instant } from "@interactor/shared/sdk/define-module";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Merge } from "./merge.ts";
import { Source } from "./source.ts";
import { wholesOf } from "./wholes.ts";

const intensity = 0;
const position = 1;
const slots = [intensity, position];

interface Driven {
  readonly source: number;
  readonly slot: number;
  readonly level: number;
  readonly priority: number;
  readonly at: number;
}

const driven: fc.Arbitrary<Driven> = fc.record({
  source: fc.nat(4),
  slot: fc.constantFrom(...slots),
  level: fc.constantFrom(0, 1, 128, 255),
  priority: fc.constantFrom(0, 100, 200),
  at: fc.nat(5),
});

/** What shows on both slots when each source says once what it drives, in this order. */
function merged(says: readonly Driven[]): unknown {
  const merge = new Merge(new Set([position]));
  const sources = new Map<number, Source>();
  for (const { source, slot, level, priority, at } of says) {
    const known = sources.get(source) ?? new Source(`source ${source}`);
    if (!sources.has(source)) merge.add(known);
    sources.set(source, known);
    merge.drive(known, slot, { level, priority }, instant(at));
  }
  return slots.map((slot) => [merge.shownAt(slot)?.name, merge.shownAt(slot)?.levelAt(slot)]);
}

test("a look does not depend on the order in which its sources spoke", () => {
  const says = fc.uniqueArray(driven, { selector: ({ source, slot }) => `${source} ${slot}`, maxLength: 10 });
  const shuffled = says.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      expect(merged(other)).toEqual(merged(list));
    }),
  );
});

test("the highest priority shows; of equals the highest level, and on a position the latest", () => {
  fc.assert(
    fc.property(fc.array(driven, { maxLength: 20 }), (says) => {
      // The last word of a source on a slot, and when its level became what it is.
      const last = new Map<string, Driven>();
      for (const each of says.toSorted((a, b) => a.at - b.at)) {
        const key = `${each.source} ${each.slot}`;
        const before = last.get(key);
        last.set(key, { ...each, at: before?.level === each.level ? before.at : each.at });
      }
      const expected = slots.map((slot) => {
        const candidates = [...last.values()].filter((each) => each.slot === slot);
        const top = Math.max(...candidates.map(({ priority }) => priority));
        const equals = candidates.filter(({ priority }) => priority === top);
        const latest = Math.max(...equals.map(({ at }) => at));
        const heard = slot === position ? equals.filter(({ at }) => at === latest) : equals;
        return heard.length === 0 ? undefined : Math.max(...heard.map(({ level }) => level));
      });

      const shown = merged(says.toSorted((a, b) => a.at - b.at));

      expect((shown as [unknown, number | undefined][]).map(([, level]) => level)).toEqual(expected);
    }),
  );
});

test("a source that lets go uncovers the next one, and at last nobody", () => {
  const merge = new Merge(new Set());
  const [low, high] = [new Source("low"), new Source("high")];
  for (const source of [low, high]) merge.add(source);
  merge.drive(low, 7, { level: 10, priority: 100 }, instant(0));
  merge.drive(high, 7, { level: 5, priority: 150 }, instant(0));

  const shown = [merge.shownAt(7)];
  merge.release(high, 7);
  shown.push(merge.shownAt(7));
  merge.release(low, 7);
  shown.push(merge.shownAt(7));

  expect(shown).toEqual([high, low, undefined]);
});

test("what says nothing new is not looked at again", () => {
  const merge = new Merge(new Set());
  const source = new Source("desk");
  merge.add(source);

  expect(merge.drive(source, 1, { level: 5, priority: 100 }, instant(0))).toBe(true);
  expect(merge.drive(source, 1, { level: 5, priority: 100 }, instant(9))).toBe(false);
  expect(merge.drive(source, 1, { level: 5, priority: 101 }, instant(9))).toBe(true);
  expect(merge.release(source, 2)).toBe(false);
});

describe("slots that are one number", () => {
  const wholes = wholesOf([[2, 3]]);
  const [coarse, fine] = [1, 2];

  interface Said {
    readonly source: number;
    readonly number: number;
    readonly at: number;
    readonly isFineFirst: boolean;
  }
  const said: fc.Arbitrary<Said> = fc.record({
    source: fc.nat(3),
    number: fc.constantFrom(0, 0x00ff, 0x0100, 0x01ff, 0x0200, 0x8000, 0x8090),
    at: fc.nat(5),
    isFineFirst: fc.boolean(),
  });

  function numberShown(says: readonly Said[], latest: ReadonlySet<number>): number {
    const merge = new Merge(latest, wholes);
    const sources = Array.from({ length: 4 }, (_, index) => new Source(`source ${index}`));
    for (const source of sources) merge.add(source);
    for (const { source, number, at, isFineFirst } of says) {
      const by = sources[source];
      const levels = [
        [coarse, number >> 8],
        [fine, number & 0xff],
      ] as const;
      for (const [slot, level] of isFineFirst ? levels.toReversed() : levels)
        if (by !== undefined) merge.drive(by, slot, { level, priority: 100 }, instant(at));
    }
    return [coarse, fine].reduce((shown, slot) => shown * 256 + (merge.shownAt(slot)?.levelAt(slot) ?? 0), 0);
  }

  test("show the latest number where the latest does, and the highest where that does: never bytes of two", () => {
    fc.assert(
      fc.property(fc.array(said, { minLength: 1, maxLength: 12 }), (says) => {
        const inOrder = says.toSorted((a, b) => a.at - b.at);
        const last = new Map<number, Said>();
        for (const each of inOrder) {
          const before = last.get(each.source);
          last.set(each.source, { ...each, at: before?.number === each.number ? before.at : each.at });
        }
        const all = [...last.values()];
        const latestAt = Math.max(...all.map(({ at }) => at));
        const latest = all.filter(({ at }) => at === latestAt).map(({ number }) => number);

        expect(numberShown(inOrder, new Set([coarse, fine]))).toBe(Math.max(...latest));
        expect(numberShown(inOrder, new Set())).toBe(Math.max(...all.map(({ number }) => number)));
      }),
    );
  });

  test("of which a source drives one only show on the other who drives it", () => {
    const merge = new Merge(new Set([coarse, fine]), wholes);
    const [head, raw] = [new Source("head"), new Source("raw")];
    for (const source of [head, raw]) merge.add(source);
    for (const slot of [coarse, fine]) merge.drive(head, slot, { level: 9, priority: 100 }, instant(0));

    merge.drive(raw, coarse, { level: 5, priority: 100 }, instant(1));
    const shown = [merge.shownAt(coarse), merge.shownAt(fine)];
    merge.release(raw, coarse);

    expect([...shown, merge.shownAt(coarse)]).toEqual([raw, head, head]);
  });
});

test("after a restart the latest is who was the latest, in whatever order they come, until one has news", () => {
  const both = ["desk", "cue list"];
  const orders = [both, both.toReversed()].flatMap((order) => both.map((latest) => ({ order, latest })));
  for (const { order, latest } of orders) {
    const merge = new Merge(new Set([position]));
    merge.restore({ latest: new Map([[position, latest]]), at: instant(100), until: instant(2600) });
    const sources = order.map((name) => new Source(name));
    for (const [index, source] of sources.entries()) {
      merge.add(source);
      merge.drive(source, position, { level: 10, priority: 100 }, instant(100 + index * 900));
    }
    const before = merge.shownAt(position)?.name;
    const [other] = sources.filter(({ name }) => name !== latest);
    if (other !== undefined) merge.drive(other, position, { level: 11, priority: 100 }, instant(1500));

    expect([before, merge.shownAt(position)]).toEqual([latest, other]);
  }
});

test("long after a restart whoever comes is the latest", () => {
  const merge = new Merge(new Set([position]));
  merge.restore({ latest: new Map([[position, "cue list"]]), at: instant(100), until: instant(2600) });
  const [list, desk] = [new Source("cue list"), new Source("desk")];
  for (const source of [list, desk]) merge.add(source);
  merge.drive(list, position, { level: 10, priority: 100 }, instant(100));

  merge.drive(desk, position, { level: 5, priority: 100 }, instant(2600));

  expect(merge.shownAt(position)).toBe(desk);
});
