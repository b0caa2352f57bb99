import { expect, test } from "vitest";
import { instant, micros, millis } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { receiptBody } from "@interactor/shared/wire/messages/receipt";
import { type Birth, encodeNodeState } from "@interactor/shared/wire/messages/state";
import { batchOf, birthOf, entryOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import { TakenAgain } from "./taken-again.ts";

const button = (deliver: "every" | "durable" | "latest", session = 1): Birth =>
  birthOf({
    session: sessionNumber(session),
    instances: {
      door: { module: "door", version: "0.1.0", inputs: {}, outputs: { button: { type: "int", deliver } } },
    },
  });

const keptBirth = (birth: Birth) => ({
  node: "pi",
  session: birth.session,
  document: encodeNodeState(birth),
});
const stampAt = (ms: number) => ({
  at: micros(ms * 1000),
  wall: micros(noon + ms * 1000),
  boot: "a",
  uptime: micros(ms * 1000),
});

function bench(...births: readonly Birth[]) {
  const given: unknown[] = [];
  const now = { stamp: stampAt(10_000), instant: instant(50) };
  const again = new TakenAgain(
    { births: births.map(keptBirth), gone: new Map(), now },
    (from, { value, isEvent, origin }, at) => void given.push({ from, value, isEvent, seq: origin?.seq, at }),
  );
  const take = (entries: readonly Partial<Entry>[], { firstSeq = 0, session = 1, at = 9000 } = {}) =>
    again.take({
      node: "pi",
      payload: encodeBatch(
        batchOf({
          session: sessionNumber(session),
          firstSeq,
          entries: entries.map((entry) => entryOf({ from: "door/button", ...entry })),
        }),
      ),
      stamp: stampAt(at),
    });
  return { again, take, given };
}

test("an event is given with its number, at the time at which it was taken in", () => {
  const { take, given } = bench(button("every"));

  take([{ body: 7 }, { body: 8 }], { firstSeq: 41, at: 9000 });

  expect(given).toEqual([
    { from: "pi/door/button", value: 7, isEvent: true, seq: 41, at: 50 - 1000 },
    { from: "pi/door/button", value: 8, isEvent: true, seq: 42, at: 50 - 1000 },
  ]);
});

test("what stands in the journal twice is given once", () => {
  const { take, given } = bench(button("every"));

  take([{ body: 1 }, { body: 2 }]);
  take([{ body: 2 }, { body: 3 }], { firstSeq: 1 });

  expect(given).toMatchObject([{ value: 1 }, { value: 2 }, { value: 3 }]);
});

test("it is understood by the birth of its life, or else by the last of its node", () => {
  const { take, given } = bench(button("latest", 1), button("every", 2));

  take([{ body: 1 }], { session: 1 });
  take([{ body: 2 }], { session: 2 });
  take([{ body: 3 }], { session: 3 });

  expect(given).toMatchObject([{ isEvent: false }, { isEvent: true }, { isEvent: true }]);
});

test("without a birth nothing is understood", () => {
  const { take, given } = bench();

  take([{ body: 1 }]);

  expect(given).toEqual([]);
});

test.each<readonly [string, Partial<Entry>]>([
  ["had expired at its node", { body: 1, ttl: millis(0) }],
  ["is of another type", { body: "one" }],
  ["no output declares", { from: "door/bell", body: 1 }],
  [
    "is a receipt",
    {
      from: "",
      flags: entryFlag.receipt,
      body: receiptBody({ lane: lane.telemetry, session: sessionNumber(1), seq: 1 }),
    },
  ],
])("what %s is passed over", (_what, entry) => {
  const { take, given } = bench(button("every"));

  take([entry, { body: 2 }]);

  expect(given).toMatchObject([{ value: 2, seq: 1 }]);
});

test("what was durable and came late moves nothing", () => {
  const { take, given } = bench(button("durable"));

  take([{ body: 1, flags: entryFlag.historical }, { body: 2 }]);

  expect(given).toMatchObject([{ value: 2 }]);
});

test("of what nobody knows the age is older than any TTL", () => {
  const { again, given } = bench(button("every"));
  const payload = encodeBatch(batchOf({ entries: [entryOf({ from: "door/button", body: 1 })] }));

  again.take({ node: "pi", payload, stamp: { ...stampAt(20_000), boot: "b" } });

  expect(given).toMatchObject([{ at: 50 - 24 * 3600 * 1000 - 1 }]);
});

test("what is known to have been done is not read", () => {
  const asked: unknown[] = [];
  const given: unknown[] = [];
  const again = new TakenAgain(
    {
      births: [keptBirth(button("every"))],
      gone: new Map(),
      now: { stamp: stampAt(10_000), instant: instant(50) },
      isDone: (node, { seq }) => {
        asked.push([node, seq]);
        return seq <= 3;
      },
    },
    (_from, { value }) => void given.push(value),
  );
  for (const firstSeq of [2, 3])
    again.take({
      node: "pi",
      payload: encodeBatch(
        batchOf({ firstSeq, entries: [1, 2].map((body) => entryOf({ from: "door/button", body })) }),
      ),
      stamp: stampAt(9000),
    });

  expect(asked).toEqual([
    ["pi", 3],
    ["pi", 4],
  ]);
  expect(given).toEqual([1, 2]);
});

test("what nobody would take is not given", () => {
  const asked: unknown[] = [];
  const given: unknown[] = [];
  const again = new TakenAgain(
    {
      births: [keptBirth(button("latest", 1)), keptBirth(button("every", 2))],
      gone: new Map(),
      now: { stamp: stampAt(10_000), instant: instant(50) },
      isWanted: (from, isEvent) => {
        asked.push([from, isEvent]);
        return isEvent;
      },
    },
    (_from, { value }) => void given.push(value),
  );
  for (const number of [1, 2])
    again.take({
      node: "pi",
      payload: encodeBatch(
        batchOf({
          session: sessionNumber(number),
          entries: [entryOf({ from: "door/button", body: number })],
        }),
      ),
      stamp: stampAt(9000),
    });

  expect(asked).toEqual([
    ["pi/door/button", false],
    ["pi/door/button", true],
  ]);
  expect(given).toEqual([2]);
});

test("nothing goes to or from a node that was forgotten since", () => {
  const forgotten: unknown[] = [];
  const again = new TakenAgain(
    {
      births: [keptBirth(button("every"))],
      gone: new Map([
        ["pi", stampAt(2000).at],
        ["pa", stampAt(4000).at],
      ]),
      now: { stamp: stampAt(10_000), instant: instant(50) },
    },
    (_from, { value }, _at, isForgotten) => void forgotten.push([value, isForgotten("pa")]),
  );
  for (const [firstSeq, at] of [2000, 3000, 5000].entries())
    again.take({
      node: "pi",
      payload: encodeBatch(batchOf({ firstSeq, entries: [entryOf({ from: "door/button", body: at })] })),
      stamp: stampAt(at),
    });

  expect(forgotten).toEqual([
    [3000, true],
    [5000, false],
  ]);
});

test("bytes that are no batch are passed over", () => {
  const { again, given } = bench(button("every"));

  again.take({ node: "pi", payload: Uint8Array.of(0xff), stamp: stampAt(0) });

  expect(given).toEqual([]);
});

test("what cannot be understood is counted by its reason, each batch once", () => {
  const { again, take } = bench(button("every"));
  take([{ body: 1 }]);
  expect(again.problem).toBeUndefined();

  take([{ body: "one" }, { body: "two" }, { from: "door/bell", body: 1 }, { body: 2 }], { firstSeq: 1 });
  take([{ body: "three" }], { firstSeq: 5 });
  again.take({ node: "pi", payload: Uint8Array.of(0xff), stamp: stampAt(0) });

  expect(again.problem).toBe(
    "batches of the life before that could not be understood, or not wholly: 3 (wrong-type 2, unknown-output 1, wrong-shape 1)",
  );
});

test("what was sent by a node of which no birth is known is counted too", () => {
  const { again, take } = bench();

  take([{ body: 1 }]);

  expect(again.problem).toMatch(/: 1 \(unborn 1\)$/);
});
