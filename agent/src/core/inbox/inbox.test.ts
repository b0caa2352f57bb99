import { describe, expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { commandBody } from "@interactor/shared/wire/messages/command";
import { requestOf } from "@interactor/shared/wire/request";
import { batchOf, entryOf, nowAt, sessionNumber } from "@interactor/shared/testing/builders";
import { Switchboard } from "../switchboard/switchboard.ts";
import { Inbox } from "./inbox.ts";

function bench() {
  const applied: unknown[] = [];
  const receipts: unknown[] = [];
  const clocks: unknown[] = [];
  const refused: string[] = [];
  const results: unknown[] = [];
  const missed: number[] = [];
  const board = new Switchboard("pi", {
    apply: (_address, each) => void applied.push(each?.value),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  board.declare("lights", { inputs: { front: { type: "float", actuator: true } }, outputs: {} }, nowAt(0));
  const inbox = new Inbox(board, {
    clock: (reply) => void clocks.push(reply),
    receipt: (receipt) => void receipts.push(receipt),
    result: (reply) => void results.push(reply),
    refused: (reason) => void refused.push(reason),
    missed: (_lane, entries) => void missed.push(entries),
  });
  const receive = (entries: readonly Partial<Entry>[], firstSeq = 0, session = 1) =>
    inbox.receive(
      lane.telemetry,
      encodeBatch(
        batchOf({
          session: sessionNumber(session),
          firstSeq,
          entries: entries.map((given) =>
            entryOf({ from: "pi2/sim/distance", to: "lights/front", route: "across", ...given }),
          ),
        }),
      ),
      nowAt(0),
    );
  return { board, inbox, receive, applied, receipts, clocks, refused, results, missed };
}

const receiptOf = (seq: number, session = 1) => ({
  lane: lane.telemetry,
  session: sessionNumber(session),
  seq,
});

test("entries go to their inputs, and the batch is confirmed", () => {
  const { board, receive, applied, receipts } = bench();

  receive([{ body: 0.1 }, { body: 0.2 }], 5);

  expect(applied).toEqual([0.1, 0.2]);
  expect(receipts).toEqual([receiptOf(6)]);
  expect(board.owners()["lights/front"]?.by).toBe("across");
});

test("a batch that comes again is confirmed again and not acted on again", () => {
  const { receive, applied, receipts } = bench();
  receive([{ body: 0.1 }]);
  receive([{ body: 0.2 }], 1);

  receive([{ body: 0.1 }]);

  expect(applied).toEqual([0.1, 0.2]);
  expect(receipts).toEqual([receiptOf(0), receiptOf(1), receiptOf(0)]);
});

test("what ran out of time on its way is not done, and what had time left is", () => {
  const { inbox, applied, refused } = bench();
  const receive = (body: number, firstSeq: number, { sentAt, at }: { sentAt: number; at: number }) =>
    inbox.receive(
      lane.telemetry,
      encodeBatch({
        ...batchOf({
          firstSeq,
          entries: [entryOf({ from: "pi2/sim/distance", to: "lights/front", ttl: millis(500), body })],
        }),
        sentAt,
      }),
      nowAt(at),
    );
  receive(0.1, 0, { sentAt: 70_000, at: 1000 });

  receive(0.2, 1, { sentAt: 71_000, at: 2499 });
  receive(0.3, 2, { sentAt: 72_000, at: 3500 });

  expect(applied).toEqual([0.1, 0.2]);
  expect(refused).toEqual(["expired"]);
});

test("a hub that has begun a new life begins its numbers anew", () => {
  const { receive, applied, receipts } = bench();
  receive([{ body: 0.1 }], 40);

  receive([{ body: 0.2 }], 0, 2);

  expect(applied).toEqual([0.1, 0.2]);
  expect(receipts.at(-1)).toEqual(receiptOf(0, 2));
});

test("numbers that are passed over are said", () => {
  const { receive, missed } = bench();
  receive([{ body: 0.1 }]);

  receive([{ body: 0.2 }], 4);

  expect(missed).toEqual([3]);
});

describe("is counted, confirmed and not acted on:", () => {
  test.each<readonly [string, Partial<Entry>, string]>([
    ["what has no time left", { ttl: millis(0) }, "expired"],
    ["a command that has no time left", { ttl: millis(0), flags: entryFlag.command }, "expired"],
    ["what is for nobody", { to: null }, "no-target"],
    ["what is for an input that is not there", { to: "lights/back" }, "unknown-input"],
    ["a value of another type", { body: "bright" }, "wrong-type"],
    ["a command that is none", { flags: entryFlag.command, body: 1 }, "wrong-command"],
    [
      "a command with a value that is a map",
      { flags: entryFlag.command, body: { v: 1, kind: "set", value: {}, for_ms: 1, ttl_ms: 1, by: "x" } },
      "wrong-command",
    ],
  ])("%s", (_what, entry, reason) => {
    const { receive, applied, receipts, refused } = bench();

    receive([entry, { body: 0.5 }]);

    expect(refused).toEqual([reason]);
    expect(applied).toEqual([0.5]);
    expect(receipts).toEqual([receiptOf(1)]);
  });
});

test("a command takes the input over by hand", () => {
  const { board, receive } = bench();
  const body = commandBody({ kind: "set", value: 0.9, holdFor: seconds(10), ttl: seconds(5), by: "anna" });

  receive([{ from: "", flags: entryFlag.command, body }]);

  expect(board.owners()["lights/front"]).toMatchObject({
    kind: "manual",
    by: "anna",
    until: nowAt(10_000).wall,
  });
});

test("what is no batch is refused with the reason, and not confirmed", () => {
  const { inbox, refused, receipts } = bench();

  inbox.receive(lane.telemetry, Uint8Array.of(0xff), nowAt(0));
  inbox.receive(lane.control, encodeBatch(batchOf()), nowAt(0));
  inbox.receive(lane.telemetry, new Uint8Array(), nowAt(0));

  expect(refused).toEqual(["indefinite-length", "wrong-lane", "empty"]);
  expect(receipts).toEqual([]);
});

test("the hub's answer what time it is goes to the clock, and one of another shape is refused", () => {
  const { receive, clocks, applied, refused } = bench();
  const reply = { askedAt: 7, receivedAt: 1_800_000_000_000_000, repliedAt: 1_800_000_000_000_020 };
  const answer = { from: "", to: null, flags: entryFlag.clock };

  receive([
    { ...answer, body: [reply.askedAt, reply.receivedAt, reply.repliedAt] },
    { ...answer, body: [7, "noon", 9] },
    { ...answer, body: null },
    { ...answer, body: [8, reply.receivedAt, reply.repliedAt], ttl: millis(0) },
  ]);

  expect(clocks).toEqual([reply]);
  expect(refused).toEqual(["wrong-clock", "wrong-clock", "expired"]);
  expect(applied).toEqual([]);
});

describe("a command that asks", () => {
  const request = requestOf(new Uint8Array(8).fill(5));
  const asking = (given: Partial<Entry> = {}, value: number | string = 0.5): Partial<Entry> => ({
    from: "",
    flags: entryFlag.command,
    ttl: millis(500),
    body: commandBody({ kind: "set", value, holdFor: seconds(1), ttl: millis(500), by: "anna", request }),
    ...given,
  });

  test("is told that it was done", () => {
    const { receive, applied, results } = bench();

    receive([asking()]);

    expect(applied).toEqual([0.5]);
    expect(results).toEqual([{ request, outcome: "done" }]);
  });

  test.each([
    ["an unknown input", asking({ to: "lights/back" }), "refused", "unknown-input"],
    ["a value of another type", asking({}, "bright"), "refused", "wrong-type"],
    ["no time left", asking({ ttl: millis(0) }), "expired", "ttl"],
  ])("is told when it was not, for %s", (_what, entry, outcome, reason) => {
    const { receive, applied, results, inbox } = bench();

    receive([entry]);

    expect(applied).toEqual([]);
    expect(results).toEqual([{ request, outcome, reason }]);
    expect(inbox.ledger.read(lane.telemetry)).toEqual({
      produced: 1,
      delivered: 0,
      losses: [{ end: outcome, reason, count: 1 }],
    });
  });

  test("is told that a show stop holds the input, and does not wait beneath it", () => {
    const { board, receive, results } = bench();
    board.stopShow("bert", nowAt(0));

    receive([asking()]);
    board.releaseStop(nowAt(0));

    expect(results).toEqual([{ request, outcome: "refused", reason: "held-by-stop" }]);
    expect(board.owners()).toEqual({});
  });

  test("is done once and answered again when it comes by another way", () => {
    const { receive, applied, results } = bench();

    receive([asking()], 0, 1);
    receive([asking({}, 0.7)], 0, 2);

    expect(applied).toEqual([0.5]);
    expect(results).toEqual([
      { request, outcome: "done" },
      { request, outcome: "done" },
    ]);
  });
});

describe("an event that another life of the hub sends again", () => {
  const origin = (seq: number) => ({ session: sessionNumber(9), lane: lane.telemetry, seq, sample: 0 });

  test("is confirmed, counted as come again, and not done again", () => {
    const { inbox, receive, applied, receipts } = bench();
    receive(
      [
        { body: 0.1, origin: origin(7) },
        { body: 0.2, origin: origin(8) },
      ],
      0,
      1,
    );

    receive(
      [
        { body: 0.2, origin: origin(8) },
        { body: 0.3, origin: origin(9) },
      ],
      0,
      2,
    );

    expect(applied).toEqual([0.1, 0.2, 0.3]);
    expect(receipts.at(-1)).toEqual(receiptOf(1, 2));
    expect(inbox.gaps(lane.telemetry)).toEqual({ repeated: 1, missed: 0 });
    expect(inbox.ledger.read(lane.telemetry)).toMatchObject({ produced: 3, delivered: 3 });
  });

  test("by another route, or to another input, is another one", () => {
    const { receive, applied, refused } = bench();

    receive([
      { body: 0.1, origin: origin(7) },
      { body: 0.2, origin: origin(7), route: "other" },
      { body: 0.3, origin: origin(7), to: "lights/back" },
    ]);

    expect(applied).toEqual([0.1, 0.2]);
    expect(refused).toEqual(["unknown-input"]);
  });

  test("is not done either when it had expired here", () => {
    const { receive, applied } = bench();
    receive([{ body: 0.1, origin: origin(7), ttl: millis(0) }], 0, 1);

    receive([{ body: 0.1, origin: origin(7), ttl: millis(100) }], 0, 2);

    expect(applied).toEqual([]);
  });
});
