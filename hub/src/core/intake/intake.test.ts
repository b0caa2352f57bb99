import { describe, expect, test } from "vitest";
import { micros, millis } from "@interactor/shared/kernel/units";
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
  const forgotten: unknown[] = [];
  const counts = { repeated: 0, missed: 0 };
  let wrongEntries = 0;
  let lateEntries = 0;
  const intake = new Intake(
    {
      keep: (record, then) => {
        kept.push(record);
        if (then !== undefined) waiting.push(then);
        if (isDiskQuick) finish();
      },
      forget: (node, session) => void forgotten.push([node, session]),
      values: ({ address, unit, isOutput }, readings) => {
        for (const { value, at, flags } of readings)
          values.push({ address, body: value, at, flags, unit, isOutput });
      },
      receipt: (node, receipt) => void receipts.push([node, receipt]),
      clock: (node, askedAt) => void clocks.push([node, askedAt]),
      refused: (reason, node) => void refused.push(`${node} ${reason}`),
      result: (node, reply) => void results.push([node, reply]),
      took: (_node, { late, wrong, repeated, missed }) => {
        wrongEntries += wrong;
        lateEntries += late;
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
    return intake.accept(given.node ?? "pi", laneNumber, encodeBatch(batch), birth);
  };
  const late = () => lateEntries;
  const wrong = () => wrongEntries;
  const seen = { values, receipts, clocks, results, refused, counts, kept, forgotten };
  return { intake, accept, late, wrong, finish, ...seen };
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
    for (const life of [6, session])
      accept([{ body: 1 }], { session: life, birth: birthOf({ session: sessionNumber(life) }) });
    return counts.repeated;
  };

  expect(sessions.map(again)).toEqual([0, 0, 1, 1, 1]);
});

test("what came too late is known by its number and has no effect", () => {
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

  test("an entry whose stamp is no time, as older agents let it through, and it keeps its number", () => {
    const { accept, values, refused, counts, wrong } = bench();

    accept([{ body: 1 }, { at: micros(2 ** 60) }, { body: 2 }]);
    accept([{ body: 2 }, { body: 3 }], { firstSeq: 2 });

    expect(refused).toEqual(["pi wrong-shape"]);
    expect(wrong()).toBe(1);
    expect(values).toMatchObject([{ body: 1 }, { body: 2 }, { body: 3 }]);
    expect(counts).toEqual({ repeated: 1, missed: 0 });
  });

  test("what is no batch", () => {
    const { intake, refused } = bench();

    intake.accept("pi", lane.telemetry, Uint8Array.of(0xff), birthOf());
    intake.accept("pi", lane.control, encodeBatch(batchOf()), birthOf());

    expect(refused).toEqual(["pi indefinite-length", "pi wrong-lane"]);
  });
});

describe("is left to come again, and disturbs nothing", () => {
  test("a batch of an earlier life", () => {
    const { accept, values, kept, counts } = bench();
    accept([{}]);

    expect(accept([{}], { session: 9, firstSeq: 1 })).toBe("stale-session");
    expect(accept([{}], { firstSeq: 1 })).toBeUndefined();

    expect(values).toHaveLength(2);
    expect(kept).toHaveLength(2);
    expect(counts).toEqual({ repeated: 0, missed: 0 });
  });

  test("a batch of a node that was never born", () => {
    const { accept, kept } = bench();

    expect(accept([{}], { birth: null })).toBe("unborn");

    expect(kept).toEqual([]);
  });
});

test("what has expired on its way is counted and moves nothing, and a receipt is as good as ever", () => {
  const { accept, values, receipts, refused, late } = bench();
  const receipt = { lane: lane.control, session: sessionNumber(1), seq: 3 };

  accept([{ body: 1, ttl: millis(0) }, { body: 2, ttl: millis(1) }, { body: 3 }]);
  accept([{ from: "", flags: entryFlag.receipt, body: receiptBody(receipt), ttl: millis(0) }], {
    lane: lane.control,
  });

  expect(values).toMatchObject([{ body: 2 }, { body: 3 }]);
  expect(receipts).toEqual([["pi", receipt]]);
  expect(late()).toBe(2);
  expect(refused).toEqual([]);
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
    const { accept, values } = bench();

    accept([{ body: 1 }], { session: 9, birth: spooling(1), lane: lane.bulk });

    expect(accept([{ body: 2 }], { session: 8, birth: spooling(1), lane: lane.bulk })).toBe("stale-session");
    expect(values).toMatchObject([{ body: 1 }]);
  });

  test("is known however many lives came since", () => {
    const { accept, counts } = bench();
    accept([{ body: 1 }], { session: 9, birth: spooling(1), lane: lane.bulk });
    for (const life of [1, 2, 3, 4, 5, 6]) accept([{ body: 0 }], { session: life, birth: spooling(life) });

    accept([{ body: 1 }], { session: 9, birth: spooling(7), lane: lane.bulk });

    expect(counts.repeated).toBe(1);
  });

  test("is never among what gives way, and what does is said", () => {
    const { accept, forgotten } = bench();
    accept([{ body: 1 }], { session: 9, birth: spooling(1), lane: lane.bulk });
    for (const life of [1, 2, 3, 4, 5]) accept([{ body: 0 }], { session: life, birth: spooling(life) });

    expect(forgotten).toEqual([1, 2].map((life) => ["pi", sessionNumber(life)]));
  });

  test("is known after a restart of the hub that knew of more sessions than are of use", () => {
    const marks = [9, 1, 2, 3, 4, 5].map((session) => ({
      node: "pi",
      session: sessionNumber(session),
      lane: session === 9 ? lane.bulk : lane.telemetry,
      next: 1,
    }));
    const { accept, counts, forgotten } = bench({ taken: marks });
    accept([{ body: 0 }], { session: 6, birth: spooling(6) });
    accept([{ body: 1 }], { session: 9, birth: spooling(6), lane: lane.bulk });

    expect(counts.repeated).toBe(1);
    expect(forgotten).toEqual([1, 2, 3].map((life) => ["pi", sessionNumber(life)]));
  });
});
