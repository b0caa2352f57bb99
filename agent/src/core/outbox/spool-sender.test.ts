import { describe, expect, test } from "vitest";
import { instant, seconds } from "@interactor/shared/kernel/units";
import { type Batch, decodeBatch } from "@interactor/shared/wire/batch";
import { entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { Ledger } from "@interactor/shared/wire/ledger";
import { entryBytesMax } from "@interactor/shared/wire/limits";
import { entryOf, sessionNumber } from "@interactor/shared/testing/builders";
import { ListSpool } from "./list-spool.ts";
import { SpoolSender } from "./spool-sender.ts";
import { encodeRecord } from "./spool-record.ts";

const reading = (body: number, from = "sim/count") => entryOf({ from, body, ttl: null });

function bench({ left = [] as readonly number[], awaited = new Set<string>() } = {}) {
  const before = { session: sessionNumber(1), left: left.map((body) => encodeRecord(reading(body))) };
  const spool = new ListSpool(sessionNumber(2), before);
  const ledger = new Ledger();
  const sender = new SpoolSender(spool, ledger, (from) => awaited.has(from));
  const sent: (Pick<Batch, "session" | "firstSeq" | "entries"> & { readonly ordinal: number })[] = [];
  return {
    spool,
    sender,
    ledger,
    sent,
    /** As `session firstSeq: bodies`. */
    told: () =>
      sent.map(
        ({ session, firstSeq, entries }) =>
          `${session.slice(1, 2)} ${firstSeq}: ${entries.map(({ body }) => Number(body)).join(" ")}`,
      ),
    connect() {
      sender.announce();
      sender.connected();
    },
    pump: (at = 0) =>
      sender.pump(instant(at), (into, payload, ordinal) => {
        expect(into).toBe(lane.bulk);
        const batch = decodeBatch(payload, into);
        if (batch.ok) sent.push({ ...batch.value, ordinal });
      }),
  };
}

test("a reading leaves at once, on the bulk lane and not as history", () => {
  const { sender, connect, pump, sent, told } = bench();
  sender.offer(reading(1), instant(0));
  connect();

  pump(0);

  expect(told()).toEqual(["2 0: 1"]);
  expect(sent[0]?.entries[0]?.flags).toBe(0);
});

test("what waited for longer than it is of use says so, and so does all that an earlier life left", () => {
  const { sender, connect, pump, sent } = bench({ left: [1] });
  sender.offer(reading(2), instant(0));
  connect();
  pump(seconds(60));
  sender.confirm(1);
  sender.announce();
  pump(seconds(60) + 10);

  expect(sent.map(({ entries }) => entries.map(({ flags }) => flags))).toEqual([
    [entryFlag.historical],
    [entryFlag.historical],
  ]);
});

test("what goes again after a long absence says that it is late, although it was not the first time", () => {
  const { sender, connect, pump, sent } = bench();
  sender.offer(reading(1), instant(0));
  connect();
  pump(0);
  sender.disconnected();
  sender.connected();
  pump(seconds(3));
  sender.disconnected();
  sender.connected();
  pump(seconds(60));

  expect(sent.map(({ firstSeq, entries }) => [firstSeq, entries[0]?.flags])).toEqual([
    [0, 0],
    [0, 0],
    [0, entryFlag.historical],
  ]);
});

test("nothing leaves under a session that no birth has named", () => {
  const { sender, connect, pump, told } = bench({ left: [1, 2] });
  sender.offer(reading(3), instant(0));
  sender.connected();

  pump(0);
  expect(told()).toEqual([]);
  expect(sender.mustAnnounce).toBe(true);
  connect();
  pump(10);
  sender.confirm(2);
  expect(sender.mustAnnounce).toBe(true);
  pump(20);
  expect(told()).toEqual(["1 0: 1 2"]);
  expect(sender.announce()).toBe(sessionNumber(2));
  pump(30);

  expect(told()).toEqual(["1 0: 1 2", "2 0: 3"]);
});

test("a node that never spooled says nothing of a spool", () => {
  expect(bench().sender.announce()).toBeUndefined();
});

test("after a reconnect what was on the way goes again with its numbers, before anything new", () => {
  const { sender, connect, pump, told } = bench();
  sender.offer(reading(1), instant(0));
  connect();
  pump(0);
  sender.disconnected();
  sender.offer(reading(2), instant(1));
  expect(pump(10)).toBeUndefined();

  connect();
  pump(20);

  expect(told()).toEqual(["2 0: 1", "2 0: 1", "2 1: 2"]);
});

test("what the spool gave up is not sent again under the session that comes next", () => {
  const { spool, sender, connect, pump, told } = bench({ left: [1] });
  connect();
  pump();
  sender.disconnected();
  spool.giveUp();
  sender.offer(reading(2), instant(0));

  connect();
  pump(100);

  expect(told()).toEqual(["1 0: 1", "2 0: 2"]);
});

test("no more than a window is on the way, and each confirmation lets the next go", () => {
  const bodies = Array.from({ length: 1000 }, (_, index) => index);
  const { sender, connect, pump, sent, spool } = bench({ left: bodies });
  connect();

  pump(0);
  const first = sent.length;
  pump(1);
  expect(sent).toHaveLength(first);
  expect(first).toBeLessThanOrEqual(4);
  for (let at = 2; spool.queued > 0 && at < 100; at += 1) {
    sender.confirm(sent.at(-1)?.ordinal ?? 0);
    pump(at);
  }

  expect(sent.flatMap(({ entries }) => entries.map(({ body }) => body))).toEqual(bodies);
});

test("under load readings gather into batches, and the time to come back is told", () => {
  const { sender, connect, pump, told } = bench();
  connect();
  sender.offer(reading(1), instant(0));
  sender.announce();
  pump(100);
  sender.offer(reading(2), instant(100));
  expect(pump(101)).toBeGreaterThan(101);
  sender.offer(reading(3), instant(102));

  pump(105);

  expect(told()).toEqual(["2 0: 1", "2 1: 2 3"]);
});

test("what an instance left waits until the instance has said what it gives", () => {
  const awaited = new Set(["sim/count"]);
  const { connect, pump, told, spool } = bench({ left: [1, 2], awaited });
  connect();

  expect(pump(0)).toBeGreaterThan(0);
  expect(told()).toEqual([]);
  awaited.clear();
  pump(10);

  expect(told()).toEqual(["1 0: 1 2"]);
  expect(spool.queued).toBe(2);
});

describe("the ledger", () => {
  test("has one end for every message, those of earlier lives included", () => {
    const { sender, connect, pump, ledger, spool, sent } = bench({ left: [1, 2, 3] });
    sender.offer(reading(4), instant(0));
    connect();
    pump(0);
    sender.confirm(sent[0]?.ordinal ?? 0);
    sender.lost({ end: "evicted", reason: "spool-full" }, 0);

    const { produced, delivered } = ledger.read(lane.bulk);
    expect(produced).toBe(4);
    expect(produced).toBe(delivered + spool.queued);
  });

  test("a reading that no batch could carry is refused", () => {
    const { sender, ledger, spool } = bench();

    sender.offer(entryOf({ from: "sim/text", body: "x".repeat(entryBytesMax) }), instant(0));

    expect(spool.queued).toBe(0);
    expect(ledger.read(lane.bulk).losses).toEqual([{ end: "refused", reason: "too-large", count: 1 }]);
  });

  test("a confirmation that comes twice, or of nothing, changes nothing", () => {
    const { sender, connect, pump, ledger } = bench({ left: [1] });
    sender.confirm(1);
    connect();
    pump(0);
    sender.confirm(1);
    sender.confirm(1);

    expect(ledger.read(lane.bulk)).toMatchObject({ produced: 1, delivered: 1 });
  });
});
