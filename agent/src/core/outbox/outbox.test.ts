import { describe, expect, test } from "vitest";
import { instant, micros } from "@interactor/shared/kernel/units";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import {
  clockExchangeTtl,
  echoInterval,
  queueMessagesMax,
  ttlDefault,
  windowPublishes,
} from "@interactor/shared/wire/limits";
import { readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { noon, nowAt, sessionNumber } from "@interactor/shared/testing/builders";
import { Outbox, type Reading } from "./outbox.ts";

function bench() {
  const outbox = new Outbox(sessionNumber(1));
  outbox.connected();
  return {
    outbox,
    read: (given: Partial<Reading>, at = 0) =>
      outbox.reading(
        { from: "sim/distance", value: 1, at: noon, quality: 0, deliver: "latest", ...given },
        instant(at),
      ),
    hold: (value: number, at: number, from = "lights/front") =>
      outbox.held(from, value, nowAt(at).wall, instant(at)),
    /** What is sent at that time, each confirmed at once. */
    pump(at: number): readonly Entry[] {
      const sent: Entry[] = [];
      outbox.pump(instant(at), (lane, payload, lastSeq) => {
        const decoded = decodeBatch(payload, lane);
        if (decoded.ok) sent.push(...decoded.value.entries);
        outbox.confirmed(lane, lastSeq);
      });
      return sent;
    },
  };
}

const bodies = (entries: readonly Entry[]) => entries.map(({ body }) => body);

describe("readings", () => {
  test("of one output replace each other while they wait, and never expire", () => {
    const { read, pump } = bench();

    for (const value of [1, 2, 3]) read({ value });

    expect(pump(0)).toMatchObject([{ from: "sim/distance", body: 3, ttl: null, flags: 0 }]);
  });

  test("of which every one counts are all sent, and expire", () => {
    const { read, pump } = bench();

    for (const value of [1, 2, 3]) read({ value, deliver: "every" });

    const sent = pump(0);
    expect(bodies(sent)).toEqual([1, 2, 3]);
    expect(sent[0]?.ttl).toBe(ttlDefault);
  });

  test("that are urgent go first, and wait for no window of others", () => {
    const { outbox, read } = bench();
    const lanes: number[] = [];
    const pump = (at: number) => outbox.pump(instant(at), (lane) => lanes.push(lane));
    for (let at = 0; at < 100; at += 10) {
      read({ value: at, deliver: "every" }, at);
      pump(at);
    }
    read({ from: "panel/alarm", value: true, deliver: "every", isUrgent: true }, 100);
    pump(100);

    expect(lanes).toEqual([...Array.from({ length: windowPublishes }, () => lane.telemetry), lane.critical]);
  });

  test("that are urgent are refused when nothing else is left to give way, and it is known", () => {
    const { outbox, read } = bench();
    for (let value = 0; value < queueMessagesMax; value++) read({ value, deliver: "every" });
    expect(outbox.isCriticalFull).toBe(false);

    for (let value = 0; value <= queueMessagesMax; value++) read({ value, deliver: "every", isUrgent: true });

    expect(outbox.isCriticalFull).toBe(true);
    expect(outbox.ledger.read(lane.critical).losses).toEqual([{ end: "refused", reason: "full", count: 1 }]);
    expect(outbox.ledger.read(lane.telemetry).losses).toEqual([
      { end: "evicted", reason: "overflow", count: queueMessagesMax },
    ]);
  });

  test("stamped before the hub's clock was known say so, whatever the stamp looks like", () => {
    const { read, pump } = bench();

    read({ at: noon, isUnsynchronised: true, deliver: "every" });
    read({ at: micros(5_000_000), isUnsynchronised: false, deliver: "every" });

    expect(pump(0).map(({ flags }) => flags)).toEqual([entryFlag.clockUnsynchronised, 0]);
  });
});

describe("what an input holds", () => {
  test("says whether it is stamped in the hub's time", () => {
    const { outbox, hold, pump } = bench();

    hold(1, 0);
    outbox.isClockSynchronised = true;
    hold(1, 0, "lights/back");

    expect(pump(0).map(({ flags }) => flags)).toEqual([entryFlag.clockUnsynchronised, 0]);
  });

  test("is said at once, then once in an interval, and the last one always", () => {
    const { outbox, hold, pump } = bench();

    hold(1, 0);
    expect(bodies(pump(0))).toEqual([1]);
    hold(2, 10);
    hold(3, 20);
    expect(bodies(pump(20))).toEqual([]);
    expect(outbox.pump(instant(20), () => undefined)).toBe(echoInterval);

    expect(bodies(pump(echoInterval))).toEqual([3]);
    expect(bodies(pump(10 * echoInterval))).toEqual([]);
  });

  test("is thinned for each input apart", () => {
    const { hold, pump } = bench();
    hold(1, 0);
    hold(5, 0, "lights/back");

    expect(bodies(pump(0))).toEqual([1, 5]);
  });

  test("at a thousand changes a second is said about ten times a second", () => {
    const { hold, pump } = bench();
    let said = 0;
    for (let at = 0; at < 1000; at++) {
      hold(at, at);
      said += pump(at).length;
    }

    expect(said).toBe(1000 / echoInterval);
    expect(bodies(pump(1000))).toEqual([999]);
  });
});

test("a question for the time replaces one that still waits, and is not asked when it is old", () => {
  const { outbox, pump } = bench();
  outbox.clock(5, noon, instant(0));
  outbox.clock(6, noon, instant(10));

  expect(pump(20)).toMatchObject([
    { flags: entryFlag.clock | entryFlag.clockUnsynchronised, body: [6], ttl: clockExchangeTtl - 10 },
  ]);
  outbox.clock(7, noon, instant(30));
  expect(pump(30 + clockExchangeTtl)).toEqual([]);
});

test("receipts of one lane replace each other while they wait, because the last one speaks for all", () => {
  const { outbox, pump } = bench();
  const session = sessionNumber(2);

  for (const seq of [1, 2, 3]) outbox.receipt({ lane: lane.telemetry, session, seq }, noon, instant(0));
  outbox.receipt({ lane: lane.control, session, seq: 7 }, noon, instant(0));

  const sent = pump(0);
  const flags = entryFlag.receipt | entryFlag.clockUnsynchronised;
  expect(sent.map((each) => each.flags)).toEqual([flags, flags]);
  expect(sent.map(({ body }) => readReceiptBody(body))).toEqual([
    { lane: lane.telemetry, session, seq: 3 },
    { lane: lane.control, session, seq: 7 },
  ]);
});

test("a receipt that a full queue did not keep is sent when there is room, or the hub would wait for it for ever", () => {
  const { outbox, read, pump } = bench();
  for (const of of [lane.critical, lane.telemetry])
    outbox.receipt({ lane: of, session: sessionNumber(7), seq: 5 }, noon, instant(0));
  outbox.receipt({ lane: lane.critical, session: sessionNumber(7), seq: 6 }, noon, instant(0));
  for (let value = 0; value < queueMessagesMax; value++) read({ value, deliver: "every", isUrgent: true });
  expect(outbox.depth(lane.control)).toBe(0);

  const sent = [...pump(0), ...pump(1)].filter(({ flags }) => (flags & entryFlag.receipt) !== 0);

  const told = sent.map(({ body }) => readReceiptBody(body));
  expect(told.map((receipt) => [receipt?.lane, receipt?.seq])).toEqual([
    [lane.critical, 6],
    [lane.telemetry, 5],
  ]);
  expect(pump(2)).toEqual([]);
});

test("while there is no hub, readings wait as the latest of each output", () => {
  const { outbox, read, pump } = bench();
  outbox.disconnected();
  for (const value of [1, 2, 3]) read({ value });
  expect(pump(0)).toEqual([]);
  expect(outbox.queued).toBe(1);

  outbox.connected();

  expect(bodies(pump(1000))).toEqual([3]);
});
