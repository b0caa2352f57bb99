import { describe, expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag } from "@interactor/shared/wire/entry";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { receiptBody } from "@interactor/shared/wire/messages/receipt";
import { batchOf, birthOf, entryOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import { Intake } from "./intake.ts";
import type { JournalRecord, TakenMark } from "./journal-record.ts";

function bench({ isDiskQuick = true, taken = [] as readonly TakenMark[] } = {}) {
  const values: unknown[] = [];
  const kept: JournalRecord[] = [];
  const waiting: (() => void)[] = [];
  const finish = () => {
    for (const then of waiting.splice(0)) then();
  };
  const receipts: unknown[] = [];
  const clocks: unknown[] = [];
  const refused: string[] = [];
  const results: unknown[] = [];
  const counts = { repeated: 0, missed: 0 };
  const intake = new Intake(
    {
      keep: (record, then) => {
        kept.push(record);
        if (then !== undefined) waiting.push(then);
        if (isDiskQuick) finish();
      },
      value: ({ address: { node, instance, port }, entry: { body, at, flags }, unit, isOutput }) =>
        void values.push({ address: `${node}/${instance}/${port}`, body, at, flags, unit, isOutput }),
      receipt: (node, receipt) => void receipts.push([node, receipt]),
      clock: (node, askedAt) => void clocks.push([node, askedAt]),
      refused: (reason, node) => void refused.push(`${node} ${reason}`),
      result: (node, reply) => void results.push([node, reply]),
      took: (_node, { repeated, missed }) => {
        counts.repeated += repeated;
        counts.missed += missed;
      },
    },
    taken,
  );
  const accept = (
    entries: readonly Partial<Entry>[],
    given: {
      firstSeq?: number;
      session?: number;
      node?: string;
      birth?: ReturnType<typeof birthOf> | null;
      lane?: Lane;
    } = {},
  ) => {
    const laneNumber = given.lane ?? lane.telemetry;
    const batch = batchOf({
      lane: laneNumber,
      session: sessionNumber(given.session ?? 1),
      firstSeq: given.firstSeq ?? 0,
      entries: entries.map(entryOf),
    });
    const birth = given.birth === undefined ? birthOf() : (given.birth ?? undefined);
    intake.accept(given.node ?? "pi", laneNumber, encodeBatch(batch), birth);
  };
  return { intake, accept, values, receipts, clocks, results, refused, counts, kept, finish };
}

const value = (body: unknown, given = {}) => ({
  address: "pi/sim/distance",
  body,
  at: noon,
  flags: 0,
  unit: "m",
  isOutput: true,
  ...given,
});

test("readings come in with their address and unit", () => {
  const { accept, values } = bench();

  accept([{ body: 1.5 }, { from: "sim/motion", body: true }]);

  expect(values).toEqual([value(1.5), value(true, { address: "pi/sim/motion", unit: "" })]);
});

test("what inputs hold comes in as no output, counted ports too, and nothing when nobody owns them", () => {
  const { accept, values, refused } = bench();

  accept([
    { from: "lights/front", body: 0.5 },
    { from: "lights/ch512", body: 7 },
    { from: "lights/front", body: null },
  ]);

  expect(values).toMatchObject([
    { address: "pi/lights/front", body: 0.5, isOutput: false },
    { address: "pi/lights/ch512", body: 7, isOutput: false },
    { address: "pi/lights/front", body: null, isOutput: false },
  ]);
  expect(refused).toEqual([]);
});

test("columns come in as one value for each sample, with its own stamp", () => {
  const { accept, values } = bench();

  accept([
    {
      flags: entryFlag.columns | entryFlag.historical,
      body: [
        [0, 1000],
        [1.5, 2.5],
      ],
    },
  ]);

  expect(values).toEqual([
    value(1.5, { flags: entryFlag.historical }),
    value(2.5, { at: noon + 1000, flags: entryFlag.historical }),
  ]);
});

test("of columns a sample of another type is refused and the others are taken", () => {
  const { accept, values, refused } = bench();

  accept([
    {
      flags: entryFlag.columns,
      body: [
        [0, 1],
        ["cold", 2.5],
      ],
    },
  ]);

  expect(values).toMatchObject([{ body: 2.5 }]);
  expect(refused).toEqual(["pi wrong-type"]);
});

test("a receipt is handed on", () => {
  const { accept, receipts } = bench();
  const receipt = { lane: lane.telemetry, session: sessionNumber(2), seq: 41 };

  accept([{ from: "", flags: entryFlag.receipt, body: receiptBody(receipt) }]);

  expect(receipts).toEqual([["pi", receipt]]);
});

test("readings have their effect when they are written, and not before", () => {
  const { accept, values, kept, finish } = bench({ isDiskQuick: false });

  accept([{ body: 1 }]);
  accept([{ body: 2 }], { firstSeq: 1 });
  expect(values).toEqual([]);
  expect(kept).toMatchObject([{ node: "pi", lane: lane.telemetry, next: 1 }, { next: 2 }]);

  finish();
  expect(values).toMatchObject([{ body: 1 }, { body: 2 }]);
});

test("what is critical has its effect before it is written, and is written", () => {
  const { accept, values, kept, finish } = bench({ isDiskQuick: false });

  accept([{ body: 1 }], { lane: lane.critical });
  expect(values).toMatchObject([{ body: 1 }]);
  finish();

  expect(values).toHaveLength(1);
  expect(kept.map(({ payload }) => payload.length > 0)).toEqual([true]);
});

test("a receipt does not wait for the disk, and only its number is written", () => {
  const { accept, receipts, kept } = bench({ isDiskQuick: false });
  const receipt = { lane: lane.telemetry, session: sessionNumber(2), seq: 41 };

  accept([{ from: "", flags: entryFlag.receipt, body: receiptBody(receipt) }], { lane: lane.control });

  expect(receipts).toHaveLength(1);
  expect(kept).toMatchObject([{ lane: lane.control, next: 1, payload: new Uint8Array() }]);
});

test("what the life before took in is not taken again", () => {
  const taken = [{ node: "pi", session: sessionNumber(1), lane: lane.telemetry, next: 7 }];
  const { accept, values, counts, kept } = bench({ taken });

  accept([{ body: 5 }, { body: 6 }], { firstSeq: 5 });
  expect(kept).toEqual([]);
  accept([{ body: 6 }, { body: 7 }], { firstSeq: 6 });

  expect(values).toMatchObject([{ body: 7 }]);
  expect(counts).toEqual({ repeated: 3, missed: 0 });
  expect(kept).toMatchObject([{ next: 8 }]);
});

test("of a node the four sessions heard last are known, also when they take turns", () => {
  const sessions = [1, 2, 3, 4, 5];
  const taken = sessions.map((number) => ({
    node: "pi",
    session: sessionNumber(number),
    lane: lane.telemetry,
    next: 1,
  }));
  const again = (session: number) => {
    const { accept, counts } = bench({ taken });
    accept([{ body: 1 }], { session, birth: birthOf({ session: sessionNumber(session) }) });
    return counts.repeated;
  };

  expect(sessions.map(again)).toEqual([0, 1, 1, 1, 1]);
});

test("what its node has counted as expired is known by its number and has no effect", () => {
  const { accept, values, counts } = bench();

  accept([{ body: 1, ttl: millis(0) }, { body: 2 }]);
  accept([{ body: 1, ttl: millis(0) }, { body: 2 }]);

  expect(values).toMatchObject([{ body: 2 }]);
  expect(counts).toEqual({ repeated: 2, missed: 0 });
});

test("a batch that comes again is counted and not taken again", () => {
  const { accept, values, counts } = bench();
  accept([{ body: 1 }, { body: 2 }]);

  accept([{ body: 1 }, { body: 2 }]);

  expect(values).toHaveLength(2);
  expect(counts).toEqual({ repeated: 2, missed: 0 });
});

test("numbers that are passed over are counted", () => {
  const { accept, counts } = bench();
  accept([{}]);

  accept([{}], { firstSeq: 5 });

  expect(counts).toEqual({ repeated: 0, missed: 4 });
});

test("nodes are numbered apart, and lives of one node too", () => {
  const { accept, values, counts } = bench();
  accept([{}], { firstSeq: 9 });
  accept([{}], { node: "pi2" });

  accept([{}], { session: 2, birth: birthOf({ session: sessionNumber(2) }) });

  expect(values).toHaveLength(3);
  expect(counts).toEqual({ repeated: 0, missed: 0 });
});

describe("is refused:", () => {
  test.each<readonly [string, Partial<Entry>, string]>([
    ["an output that nobody declared", { from: "sim/lux" }, "unknown-output"],
    ["an instance that nobody declared", { from: "other/distance" }, "unknown-output"],
    ["a name of JavaScript's own", { from: "constructor/distance" }, "unknown-output"],
    ["a counted port without its number", { from: "lights/ch" }, "unknown-output"],
    ["an address that is none", { from: "sim" }, "wrong-address"],
    ["a value of another type", { body: "far" }, "wrong-type"],
    ["a number that is none", { body: Number.NaN }, "wrong-type"],
    ["nothing, as a reading", { body: null }, "wrong-type"],
    ["a receipt that is none", { flags: entryFlag.receipt, body: [1] }, "wrong-receipt"],
  ])("%s, and the rest of its batch is taken", (_what, entry, reason) => {
    const { accept, values, refused } = bench();

    accept([entry, { body: 2 }]);

    expect(refused).toEqual([`pi ${reason}`]);
    expect(values).toMatchObject([{ body: 2 }]);
  });

  test("a batch of an earlier life, which does not disturb the numbers of this one", () => {
    const { accept, values, refused, counts } = bench();
    accept([{}]);

    accept([{}], { session: 9, firstSeq: 1 });
    accept([{}], { firstSeq: 1 });

    expect(refused).toEqual(["pi stale-session"]);
    expect(values).toHaveLength(2);
    expect(counts).toEqual({ repeated: 0, missed: 0 });
  });

  test("a batch of a node that was never born", () => {
    const { accept, refused } = bench();

    accept([{}], { birth: null });

    expect(refused).toEqual(["pi unborn"]);
  });

  test("what is no batch", () => {
    const { intake, refused } = bench();

    intake.accept("pi", lane.telemetry, Uint8Array.of(0xff), birthOf());
    intake.accept("pi", lane.control, encodeBatch(batchOf()), birthOf());

    expect(refused).toEqual(["pi indefinite-length", "pi wrong-lane"]);
  });
});

test("a question for the time is answered at once and leads nowhere else; one of another shape is refused", () => {
  const { accept, clocks, values, refused } = bench({ isDiskQuick: false });
  const ask = { from: "", flags: entryFlag.clock };

  accept(
    [
      { ...ask, body: [5_000_000_000] },
      { ...ask, body: "now?" },
      { ...ask, body: [-1] },
    ],
    {
      lane: lane.control,
    },
  );

  expect(clocks).toEqual([["pi", 5_000_000_000]]);
  expect(refused).toEqual(["pi wrong-clock", "pi wrong-clock"]);
  expect(values).toEqual([]);
});

describe("what a node spooled", () => {
  const spool = sessionNumber(9);
  const spooling = (life: number, given = spool) => birthOf({ session: sessionNumber(life), spool: given });

  test("is taken under the session that its birth names, and under no other", () => {
    const { accept, values, refused } = bench();

    accept([{ body: 1 }], { session: 9, birth: spooling(1), lane: lane.bulk });
    accept([{ body: 2 }], { session: 8, birth: spooling(1), lane: lane.bulk });

    expect(values).toMatchObject([{ body: 1 }]);
    expect(refused).toEqual(["pi stale-session"]);
  });

  test("is known however many lives came since", () => {
    const { accept, counts } = bench();
    accept([{ body: 1 }], { session: 9, birth: spooling(1), lane: lane.bulk });
    for (const life of [1, 2, 3, 4, 5, 6]) accept([{ body: 0 }], { session: life, birth: spooling(life) });

    accept([{ body: 1 }], { session: 9, birth: spooling(7), lane: lane.bulk });

    expect(counts.repeated).toBe(1);
  });

  test("is written as taken whenever a life names it, so that a restart of the hub remembers it too", () => {
    const { intake, accept, kept } = bench();
    accept([{ body: 1 }, { body: 2 }], { session: 9, birth: spooling(1), lane: lane.bulk });

    intake.announced("pi", spool);
    intake.announced("pi", sessionNumber(8));
    intake.announced("pi", undefined);

    expect(kept.slice(1)).toMatchObject([{ session: spool, lane: lane.bulk, next: 2 }]);
    expect(kept[1]?.payload).toHaveLength(0);
  });
});
