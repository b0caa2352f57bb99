import { describe, expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { commandBody } from "@interactor/shared/wire/messages/command";
import { batchOf, entryOf, nowAt, sessionNumber } from "@interactor/shared/testing/builders";
import { Switchboard } from "../switchboard/switchboard.ts";
import { Inbox } from "./inbox.ts";

function bench() {
  const applied: unknown[] = [];
  const receipts: unknown[] = [];
  const clocks: unknown[] = [];
  const refused: string[] = [];
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
  return { board, inbox, receive, applied, receipts, clocks, refused, missed };
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
  ]);

  expect(clocks).toEqual([reply]);
  expect(refused).toEqual(["wrong-clock", "wrong-clock"]);
  expect(applied).toEqual([]);
});
