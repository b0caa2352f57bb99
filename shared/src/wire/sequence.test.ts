import { expect, test } from "vitest";
import fc from "fast-check";
import { batchOf, entryOf, sessionNumber } from "../testing/builders.ts";
import { lane } from "./lanes.ts";
import { Sequence } from "./sequence.ts";

/** Entries numbered `first` to `last`, each saying its number. */
const numbered = (first: number, last: number, given = {}) =>
  batchOf({
    firstSeq: first,
    entries: Array.from({ length: last - first + 1 }, (_, index) => entryOf({ body: first + index })),
    ...given,
  });
const accept = (sequence: Sequence, ...batch: Parameters<typeof numbered>) => {
  const { entries, ...head } = numbered(...batch);
  const { repeated, missed } = sequence.accept({ ...head, length: entries.length });
  return { fresh: entries.slice(repeated).map(({ body }) => body), repeated, missed };
};

test("the first batch of a life is taken whole, wherever it begins", () => {
  expect(accept(new Sequence(), 40, 41)).toEqual({ fresh: [40, 41], repeated: 0, missed: 0 });
});

test("a batch that comes again is passed over", () => {
  const sequence = new Sequence();
  accept(sequence, 0, 2);

  expect(accept(sequence, 0, 2)).toEqual({ fresh: [], repeated: 3, missed: 0 });
});

test("of a batch that comes again and longer only the end is new", () => {
  const sequence = new Sequence();
  accept(sequence, 0, 2);

  expect(accept(sequence, 1, 4)).toEqual({ fresh: [3, 4], repeated: 2, missed: 0 });
});

test("numbers that are passed over are counted once", () => {
  const sequence = new Sequence();
  accept(sequence, 0, 2);

  expect(accept(sequence, 5, 6)).toEqual({ fresh: [5, 6], repeated: 0, missed: 2 });
  expect(accept(sequence, 7, 7)).toEqual({ fresh: [7], repeated: 0, missed: 0 });
});

test("lanes are numbered apart", () => {
  const sequence = new Sequence();
  accept(sequence, 0, 9);

  expect(accept(sequence, 0, 0, { lane: lane.control }).fresh).toEqual([0]);
});

test("a new life begins anew, and an old one that comes back too", () => {
  const sequence = new Sequence();
  accept(sequence, 0, 9);

  expect(accept(sequence, 0, 1, { session: sessionNumber(2) })).toMatchObject({
    fresh: [0, 1],
    repeated: 0,
    missed: 0,
  });
});

test("an empty batch changes nothing", () => {
  const sequence = new Sequence();
  accept(sequence, 0, 2);

  expect(sequence.accept({ ...batchOf({ firstSeq: 1 }), length: 0 })).toMatchObject({
    repeated: 0,
    missed: 0,
  });
  expect(accept(sequence, 3, 3).fresh).toEqual([3]);
});

test("however batches are repeated and lost, every number is taken at most once and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(5)), { minLength: 1 }), (batches) => {
      const sequence = new Sequence();
      const taken = batches.flatMap(([first, more]) =>
        accept(sequence, first, first + more).fresh.map(Number),
      );

      expect(taken).toEqual([...new Set(taken)].toSorted((left, right) => left - right));
    }),
  );
});

test("every number up to the last is taken, repeated or counted as missed", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(5)), { minLength: 1 }), (batches) => {
      const sequence = new Sequence();
      const results = batches.map(([first, more]) => accept(sequence, first, first + more));
      const total = (of: (each: (typeof results)[number]) => number) =>
        results.reduce((sum, each) => sum + of(each), 0);
      const first = batches[0]?.[0] ?? 0;
      const last = Math.max(...batches.map(([first, more]) => first + more));

      expect(total(({ fresh }) => fresh.length) + total(({ missed }) => missed)).toBe(last - first + 1);
    }),
  );
});
