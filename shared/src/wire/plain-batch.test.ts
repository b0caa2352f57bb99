import fc from "fast-check";
import { expect, test } from "vitest";
import { millis, micros } from "../kernel/units.ts";
import { batchOf, entryOf, noon } from "../testing/builders.ts";
import { type Batch, encodeBatch } from "./batch.ts";
import { readHead } from "./batch-head.ts";
import { checkCbor, readCbor } from "./cbor.ts";
import { entryFlag } from "./entry.ts";
import { type Lane, lane } from "./lanes.ts";
import { readPlainBatch } from "./plain-batch.ts";
import { sessionOf } from "./session.ts";
import type { Value } from "./value.ts";

const bodies: fc.Arbitrary<Value> = fc.oneof(
  fc.double(),
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 20 }),
);
const columns = fc
  .array(fc.tuple(fc.nat(), fc.double()), { maxLength: 70 })
  .map((samples): Value => [samples.map(([offset]) => offset), samples.map(([, value]) => value)]);

const entries = fc
  .record({
    at: fc.nat({ max: 10_000_000 }),
    from: fc.constantFrom("sim/distance", "lights/ch12", "ä/b", "x".repeat(180)),
    to: fc.constantFrom(null, "lights/front"),
    ttl: fc.option(fc.nat({ max: 86_400_000 })),
    quality: fc.constantFrom(0 as const, 1 as const, 2 as const),
    body: fc.oneof(
      bodies.map((body) => ({ flags: 0, body })),
      columns.map((body) => ({ flags: entryFlag.columns | entryFlag.historical, body })),
    ),
  })
  .map(({ at, ttl, body, ...rest }) =>
    entryOf({ ...rest, ...body, at: micros(noon + at), ttl: ttl === null ? null : millis(ttl) }),
  );
const batches: fc.Arbitrary<Batch> = fc
  .record({
    lane: fc.constantFrom<Lane>(0, 1, 2, 3),
    session: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => sessionOf(bytes)),
    firstSeq: fc.maxSafeNat(),
    entries: fc.array(entries, { maxLength: 70 }),
  })
  .map(batchOf);

/** What the general way makes of the same bytes, without the checks that a plain batch passes by its form. */
function generally(bytes: Uint8Array): unknown {
  const checked = checkCbor(bytes);
  const head = readHead(bytes);
  const read = checked.ok ? readCbor(bytes, checked.value) : checked;
  if (typeof head === "string" || !read.ok || !Array.isArray(read.value)) return undefined;
  const fields: readonly unknown[][] = read.value[5];
  const { lane: laneNumber, session, firstSeq, baseAt } = head;
  const read8 = fields.map(([dAt, from, to, ttl, flags, trace, quality, body]) => {
    return { at: baseAt + Number(dAt), from, to, ttl, flags, trace, quality, body };
  });
  return { lane: laneNumber, session: sessionOf(session), firstSeq, entries: read8 };
}

function plainly(bytes: Uint8Array): unknown {
  const plain = readPlainBatch(bytes);
  if (plain === undefined) return undefined;
  const { lane: laneNumber, session, firstSeq } = plain;
  return { lane: laneNumber, session, firstSeq, entries: plain.entries().value };
}

test("what is read as plain is what the general way reads", () => {
  let plain = 0;
  fc.assert(
    fc.property(batches, (batch) => {
      const bytes = encodeBatch(batch);
      const found = plainly(bytes);
      if (found === undefined) return;
      plain += 1;
      expect(found).toEqual(generally(bytes));
    }),
    // About one in five is plain.
    { numRuns: 500 },
  );
  expect(plain).toBeGreaterThan(10);
});

test("a reading, a word and columns of readings are plain", () => {
  const entriesOf = [
    entryOf({ body: -1.5 }),
    entryOf({ body: "open", ttl: millis(500) }),
    entryOf({
      flags: entryFlag.columns,
      body: [
        [0, 1000],
        [1.5, 2.5],
      ],
    }),
  ];

  expect(readPlainBatch(encodeBatch(batchOf({ entries: entriesOf })))?.entries()).toEqual({
    ok: true,
    value: entriesOf,
  });
});

test("bytes that are wrong in any way are not plain, and never read past their end", () => {
  const bytes = encodeBatch(batchOf({ entries: [entryOf(), entryOf({ body: "far" })] }));
  for (let end = 0; end < bytes.length; end += 1)
    expect(readPlainBatch(bytes.subarray(0, end))).toBeUndefined();
  expect(readPlainBatch(Uint8Array.from([...bytes, 0]))).toBeUndefined();

  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      const found = plainly(flipped);
      if (found !== undefined) expect(found).toEqual(generally(flipped));
    }
  }
});

test.each([
  ["an entry that names its route", entryOf({ route: "across" })],
  ["a record", entryOf({ body: { x: 1 } })],
  ["a trace", entryOf({ trace: new Uint8Array(26) })],
  ["a ttl that is none", entryOf({ ttl: millis(-1) })],
  ["an address that is no ASCII", entryOf({ from: "ä/b" })],
])("%s is left to the general way", (_what, entry) => {
  expect(readPlainBatch(encodeBatch(batchOf({ entries: [entry] })))).toBeUndefined();
});

test("the memory of texts has no part in what is read", () => {
  for (let number = 0; number < 10_000; number += 1) {
    const from = `sim/out${number}`;
    const read = readPlainBatch(encodeBatch(batchOf({ lane: lane.bulk, entries: [entryOf({ from })] })));
    expect(read?.entries().value?.[0]?.from).toBe(from);
  }
});

test("the memory of sessions has no part in what is read", () => {
  // 31 times the first byte and the second: many have the same hash.
  for (let number = 0; number < 4000; number += 1) {
    const session = sessionOf(
      Uint8Array.of(number % 40, 255 - 31 * (number % 8), number >> 8, number, 0, 0, 0, 0),
    );
    expect(readPlainBatch(encodeBatch(batchOf({ session, entries: [entryOf()] })))?.session).toBe(session);
  }
});

test("columns that claim to be longer than what is there are given no room", () => {
  const bytes = encodeBatch(
    batchOf({
      entries: [entryOf({ flags: entryFlag.columns, body: [Array(30).fill(1), Array(30).fill(2)] })],
    }),
  );
  const claim = bytes.lastIndexOf(0x98); // the head of a list of 24 to 255 items
  expect(bytes[claim + 1]).toBe(30);

  bytes[claim + 1] = 255;

  expect(readPlainBatch(bytes)).toBeUndefined();
});
