import { instant } from "@interactor/shared/sdk/define-module";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Merge } from "./merge.ts";
import { Source } from "./source.ts";

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
