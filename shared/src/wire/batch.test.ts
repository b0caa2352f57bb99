import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { encode as encodeWithCborg } from "cborg";
import { micros, millis } from "../kernel/units.ts";
import { batchOf, entryOf, noon, sessionNumber } from "../testing/builders.ts";
import { type Batch, decodeBatch, encodeBatch, openBatch, readColumns } from "./batch.ts";
import { type Entry, entryFlag } from "./entry.ts";
import { type Lane, lane, laneNumbers } from "./lanes.ts";
import { batchEntriesAcceptedMax, columnSamplesMax, durationMax } from "./limits.ts";
import type { Value } from "./value.ts";

/** Of one to four bytes in UTF-8. */
const character = fc.constantFrom(...Array.from("aZ0 \n\0äß漢😀\u0301"));
const name = fc.stringMatching(/^[a-z0-9]{1,10}$/);
const number = fc.double().map((value) => (Object.is(value, -0) ? 0 : value));
const body: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.boolean(),
    fc.constant(null),
    number,
    fc.maxSafeInteger(),
    fc.string({ unit: character }),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const entry: fc.Arbitrary<Entry> = fc
  .record({
    at: fc.nat(2 ** 31 - 1).map((offset) => micros(noon + offset * 4096)),
    from: fc.tuple(name, name).map((names) => names.join("/")),
    to: fc.option(fc.tuple(name, name).map((names) => names.join("/"))),
    ttl: fc.option(fc.double({ min: 0, max: durationMax, noNaN: true }).map((value) => millis(value + 0))),
    flags: fc.constantFrom(0, 1, 2, 3, 7),
    trace: fc.option(fc.uint8Array({ minLength: 26, maxLength: 26 })),
    quality: fc.constantFrom(0 as const, 1 as const, 2 as const),
    body,
    route: fc.option(name),
  })
  .map(({ route, ...fields }) => (route === null ? fields : { ...fields, route }));
const batch: fc.Arbitrary<Batch> = fc.record({
  lane: fc.constantFrom<Lane>(...laneNumbers),
  session: fc.nat(255).map(sessionNumber),
  firstSeq: fc.maxSafeNat(),
  entries: fc.array(entry, { minLength: 1, maxLength: 20 }),
});

test("a batch is read as it was written", () => {
  fc.assert(
    fc.property(batch, (each) => {
      expect(decodeBatch(encodeBatch(each), each.lane)).toEqual({ ok: true, value: each });
    }),
    { numRuns: 500 },
  );
});

test("no bytes make reading throw, not even nearly right ones", () => {
  fc.assert(
    fc.property(
      batch,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      (each, changes) => {
        const bytes = encodeBatch(each).slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;

        decodeBatch(bytes, each.lane);
      },
    ),
    { numRuns: 2000 },
  );
});

test("a batch of nothing is readable", () => {
  const bytes = encodeBatch(batchOf({ entries: [] }));

  expect(decodeBatch(bytes, lane.telemetry)).toEqual({ ok: true, value: batchOf({ entries: [] }) });
});

describe("what is wrong with a batch is said", () => {
  const field = new Uint8Array(8);
  const good: readonly unknown[] = [1, 2, field, 0, noon, []];
  const goodEntry: readonly unknown[] = [0, "a/b", null, null, 0, null, 0, 1];
  const read = (fields: unknown) => {
    const decoded = decodeBatch(encodeWithCborg(fields), lane.telemetry);
    return decoded.ok ? "fine" : decoded.error;
  };
  const withField = (fields: readonly unknown[], index: number, value: unknown) => fields.with(index, value);

  test("when nothing is", () => expect(read(withField(good, 5, [goodEntry]))).toBe("fine"));

  test.each([
    ["a map", { v: 1 }, "wrong-shape"],
    ["a text", "batch", "wrong-shape"],
    ["an empty list", [], "wrong-shape"],
    ["a version to come", withField(good, 0, 2), "unknown-version"],
    ["a version of nonsense", withField(good, 0, "1"), "wrong-shape"],
    ["a lane that is none", withField(good, 1, 4), "wrong-shape"],
    ["another lane than the topic's", withField(good, 1, 1), "wrong-lane"],
    ["a session of seven bytes", withField(good, 2, new Uint8Array(7)), "wrong-shape"],
    ["a session in hex", withField(good, 2, "0011223344556677"), "wrong-shape"],
    ["a negative number", withField(good, 3, -1), "wrong-shape"],
    ["a number beyond 2^53", withField(good, 3, 2n ** 60n), "wrong-shape"],
    ["a broken number", withField(good, 3, 0.5), "wrong-shape"],
    ["a stamp that is not a number", withField(good, 4, Number.NaN), "wrong-shape"],
    ["entries that are no list", withField(good, 5, { 0: goodEntry }), "wrong-shape"],
    [
      "more entries than accepted",
      withField(good, 5, Array(batchEntriesAcceptedMax + 1).fill(0)),
      "too-many-entries",
    ],
  ])("%s", (_what, fields, why) => expect(read(fields)).toBe(why));

  test.each([
    ["a missing body", goodEntry.slice(0, 7)],
    ["a map for an entry", { dAt: 0 }],
    ["a stamp before the batch's", withField(goodEntry, 0, -1)],
    ["a stamp beyond 2^53", withField(goodEntry, 0, Number.MAX_SAFE_INTEGER)],
    ["no sender", withField(goodEntry, 1, null)],
    ["a sender that is far too long", withField(goodEntry, 1, "a".repeat(192))],
    ["a target that is a number", withField(goodEntry, 2, 5)],
    ["a negative TTL", withField(goodEntry, 3, -1)],
    ["a TTL that is not a number", withField(goodEntry, 3, Number.NaN)],
    ["a TTL beyond a day", withField(goodEntry, 3, durationMax + 1)],
    ["an endless TTL", withField(goodEntry, 3, Number.POSITIVE_INFINITY)],
    ["negative flags", withField(goodEntry, 4, -8)],
    ["a trace of the wrong length", withField(goodEntry, 5, new Uint8Array(25))],
    ["a quality that is none", withField(goodEntry, 6, 3)],
    ["a body that is undefined", withField(goodEntry, 7, undefined)],
    ["a body with undefined inside", withField(goodEntry, 7, { a: [undefined] })],
    ["columns that are a number", withField(withField(goodEntry, 4, entryFlag.columns), 7, 1)],
    ["columns of different lengths", withField(withField(goodEntry, 4, entryFlag.columns), 7, [[0, 1], [5]])],
    ["columns that run backwards", withField(withField(goodEntry, 4, entryFlag.columns), 7, [[-1], [5]])],
  ])("an entry with %s", (_what, entry) => {
    expect(read(withField(good, 5, [goodEntry, entry]))).toBe("wrong-shape");
  });
});

test("opened, a batch gives its entries around one that is none, each in its place", () => {
  const beyond = { ...entryOf({ from: "evil/a" }), at: micros(2 ** 60) };
  const bytes = encodeBatch(batchOf({ entries: [entryOf(), beyond, entryOf({ body: 2 })] }));

  const opened = openBatch(bytes, lane.telemetry);

  const entries = opened.ok ? opened.value.entries() : opened;
  expect(entries).toEqual({ ok: true, value: [entryOf(), undefined, entryOf({ body: 2 })] });
});

describe("columns", () => {
  const columnsOf = (body: Value) => readColumns(entryOf({ flags: entryFlag.columns, body }));

  test("give each sample with its own stamp", () => {
    expect(
      columnsOf([
        [0, 1000],
        [1.5, "two"],
      ]),
    ).toEqual([
      { at: noon, value: 1.5 },
      { at: noon + 1000, value: "two" },
    ]);
  });

  test("may be empty", () => expect(columnsOf([[], []])).toEqual([]));

  test("may be as long as the limit and no longer", () => {
    const long = (length: number) => columnsOf([Array(length).fill(0), Array(length).fill(0)]);

    expect(long(columnSamplesMax)).toHaveLength(columnSamplesMax);
    expect(long(columnSamplesMax + 1)).toBeUndefined();
  });
});
