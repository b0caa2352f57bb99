import { expect, test } from "vitest";
import fc from "fast-check";
import { instant, millis } from "../kernel/units.ts";
import { entryOf, sessionNumber } from "../testing/builders.ts";
import { type Batch, decodeBatch } from "./batch.ts";
import type { Entry } from "./entry.ts";
import { type Lane, lane, laneNumbers } from "./lanes.ts";
import { LaneSender } from "./lane-sender.ts";
import { Ledger } from "./ledger.ts";
import {
  batchBytesMax,
  batchEntriesMax,
  batchGap,
  payloadBytesMax,
  windowBytes,
  windowPublishes,
} from "./limits.ts";

interface Sent extends Batch {
  readonly bytes: number;
  readonly lastSeq: number;
}

function bench(limits = { messagesMax: 1000, bytesMax: 1_000_000 }) {
  const ledger = new Ledger();
  const ended: unknown[] = [];
  const sender = new LaneSender(sessionNumber(1), limits, ledger, {
    ended: ({ body }, loss) => void ended.push([body, loss]),
  });
  let sent: Sent[] = [];
  return {
    ledger,
    sender,
    ended,
    offer: (
      body: Entry["body"],
      to: Lane = lane.telemetry,
      given: { key?: string; ttl?: number; at?: number; to?: string } = {},
    ) =>
      sender.offer(
        {
          lane: to,
          key: given.key,
          entry: entryOf({
            body,
            to: given.to ?? null,
            ttl: given.ttl === undefined ? null : millis(given.ttl),
          }),
        },
        instant(given.at ?? 0),
      ),
    /** What is sent at that time, as the peer reads it. */
    pump(at = 0): readonly Sent[] {
      sent = [];
      sender.pump(instant(at), (lane, payload, lastSeq) => {
        const decoded = decodeBatch(payload, lane);
        if (!decoded.ok) throw new Error(`a batch that nobody reads: ${decoded.error}`);
        sent.push({ ...decoded.value, bytes: payload.length, lastSeq });
      });
      return sent;
    },
  };
}

const bodies = (batches: readonly Sent[]) => batches.map(({ entries }) => entries.map(({ body }) => body));
const numbers = (batches: readonly Sent[]) => batches.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]);

test("nothing is sent before there is a connection", () => {
  const { sender, offer, pump } = bench();
  offer(1);

  expect(pump()).toEqual([]);
  sender.connected();

  expect(bodies(pump())).toEqual([[1]]);
});

test("a batch that has somewhere to act says when it was sent, each time anew, if a TTL runs in it", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  offer(1, lane.control, { ttl: 5000, to: "lights/front" });
  offer(2, lane.telemetry, { ttl: 5000 });
  const first = pump(100.4);

  sender.connected();
  const again = pump(300.6);

  expect(first.map(({ sentAt }) => sentAt)).toEqual([100, undefined]);
  expect(again.map(({ sentAt }) => sentAt)).toEqual([301, undefined]);
});

test("entries are numbered without holes within a lane", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let body = 0; body < 3; body++) offer(body, lane.control);
  const first = pump();
  for (let body = 3; body < 5; body++) offer(body, lane.control);

  expect(numbers([...first, ...pump(100)])).toEqual([
    [0, 2],
    [3, 4],
  ]);
});

test("a whole batch is as long as the limit", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let body = 0; body < batchEntriesMax + 1; body++) offer(body, lane.control);

  expect(pump().map(({ entries }) => entries.length)).toEqual([batchEntriesMax, 1]);
});

test("a batch is closed before it grows beyond its bytes", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let count = 0; count < 5; count++) offer("x".repeat(10_000), lane.control);

  const sent = pump();

  expect(sent.map(({ entries }) => entries.length)).toEqual([3, 2]);
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(batchBytesMax);
});

test("no batch is larger than a peer accepts, not even with the largest text of three bytes a letter", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  offer("漢".repeat(10_000));
  offer("漢".repeat(81_000));
  offer("漢".repeat(20_000));

  const sent = [0, 10, 20].flatMap((at) => {
    const batches = pump(at);
    sender.confirm(lane.telemetry, batches.at(-1)?.lastSeq ?? -1);
    return batches;
  });

  expect(sent.flatMap(({ entries }) => entries)).toHaveLength(3);
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(payloadBytesMax);
});

test("no more than a window of batches is on the way, and a confirmation makes room for one", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let body = 0; body < batchEntriesMax * (windowPublishes + 2); body++) offer(body, lane.control);

  expect(pump()).toHaveLength(windowPublishes);
  expect(pump(100)).toEqual([]);
  sender.confirm(lane.control, batchEntriesMax - 1);

  expect(numbers(pump(100))).toEqual([
    [batchEntriesMax * windowPublishes, batchEntriesMax * (windowPublishes + 1) - 1],
  ]);
});

test("no more than a window of bytes is on the way", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let count = 0; count < 10; count++) offer("x".repeat(30_000), lane.control);

  const onTheWay = pump().reduce((sum, { bytes }) => sum + bytes, 0);

  // The last one may pass the bound, never more.
  expect(onTheWay).toBeLessThan(windowBytes + 31_000);
});

test("a critical message goes before a backlog", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let body = 0; body < 100; body++) offer(body, lane.bulk);
  offer("stop", lane.critical);

  expect(bodies(pump())[0]).toEqual(["stop"]);
});

test("what is urgent does not wait for a peer that confirms nothing of what is less so", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let body = 0; body < batchEntriesMax * windowPublishes; body++) offer(body);
  pump();
  for (let body = 0; body < windowPublishes + 1; body++) {
    offer(body, lane.critical);
    pump();
  }
  offer("later");
  offer("now", lane.control);

  expect(pump(100)).toEqual([]);
  expect(sender.depth(lane.critical)).toBe(windowPublishes + 1);
  sender.confirm(lane.critical, 1);

  expect(pump(100).map((batch) => [batch.lane, batch.entries.length])).toEqual([
    [lane.critical, 1],
    [lane.control, 1],
  ]);
});

test("a lane sends at once after a pause and then gathers for the gap", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  offer(1);
  expect(bodies(pump(1000))).toEqual([[1]]);
  offer(2, lane.telemetry, { at: 1001 });
  offer(3, lane.telemetry, { at: 1001 });

  expect(pump(1001)).toEqual([]);
  expect(sender.pump(instant(1001), () => undefined)).toBe(1000 + batchGap);

  expect(bodies(pump(1000 + batchGap))).toEqual([[2, 3]]);
});

test("urgent lanes do not gather, nor does a lane that has a whole batch", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  offer(1, lane.control);
  offer(1);
  pump(1000);
  offer(2, lane.control);
  for (let body = 0; body < batchEntriesMax; body++) offer(body);

  expect(pump(1001).map(({ lane }) => lane)).toEqual([lane.control, lane.telemetry]);
});

test("after a pause all of a lane goes, also what a whole batch leaves over", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  for (let body = 0; body < batchEntriesMax + 3; body++) offer(body);

  expect(pump(1000).map(({ entries }) => entries.length)).toEqual([batchEntriesMax, 3]);
  for (let body = 0; body < batchEntriesMax + 3; body++) offer(body);

  expect(pump(1001).map(({ entries }) => entries.length)).toEqual([batchEntriesMax]);
});

test("what was on the way is sent again with its numbers, before anything new", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  offer("a", lane.control);
  pump();
  offer("b", lane.control);
  pump();
  sender.disconnected();
  offer("stop", lane.critical);
  expect(pump(50)).toEqual([]);

  sender.connected();

  const again = pump(100);
  expect(bodies(again)).toEqual([["a"], ["b"], ["stop"]]);
  expect(numbers(again)).toEqual([
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
});

test("what was confirmed is not sent again", () => {
  const { sender, offer, pump } = bench();
  sender.connected();
  offer("a", lane.control);
  pump();
  sender.confirm(lane.control, 0);
  sender.disconnected();
  sender.connected();

  expect(pump(100)).toEqual([]);
  expect(sender.queued).toBe(0);
});

test("a confirmation that comes twice, too early or for another lane changes nothing", () => {
  const { sender, ledger, offer, pump } = bench();
  sender.confirm(lane.control, 5);
  sender.connected();
  offer("a", lane.control);
  sender.confirm(lane.control, 0);
  pump();
  sender.confirm(lane.bulk, 0);
  sender.confirm(lane.control, 0);
  sender.confirm(lane.control, 0);

  expect(ledger.read(lane.control)).toEqual({ produced: 1, delivered: 1, losses: [] });
});

test("the TTL on the wire is what is left of it", () => {
  const { sender, offer, pump } = bench();
  offer(1, lane.control, { ttl: 500 });
  sender.connected();

  const [batch] = pump(200);

  expect(batch?.entries[0]?.ttl).toBe(300);
});

test("what expires on the way is sent again with nothing left, and is the peer's to count: it may have had it", () => {
  const { sender, ledger, offer, pump } = bench();
  sender.connected();
  offer(1, lane.control, { ttl: 100 });
  pump();
  for (const at of [200, 300]) {
    sender.disconnected();
    sender.connected();
    expect(pump(at)[0]?.entries[0]?.ttl).toBe(0);
  }
  sender.confirm(lane.control, 0);

  expect(ledger.read(lane.control)).toEqual({
    produced: 1,
    delivered: 1,
    losses: [],
  });
});

test("of what was on the way to a life of the peer that is over, the next one has only what may be done twice", () => {
  const { sender, ledger, ended, offer, pump } = bench();
  sender.connected();
  for (const body of ["state", "event", "other"]) offer(body, lane.control);
  pump();
  offer("event", lane.telemetry);
  pump();
  offer("waits", lane.control);
  sender.disconnected();

  const loss = { end: "refused", reason: "node-restarted" } as const;
  sender.restarted(({ body }) => body !== "event", loss);
  sender.connected();

  const again = pump(100);
  expect(bodies(again)).toEqual([["state", "other"], ["waits"]]);
  expect(numbers(again)).toEqual([
    [3, 4],
    [5, 5],
  ]);
  expect(ended).toEqual([
    ["event", loss],
    ["event", loss],
  ]);
  // What the earlier life says of its numbers means nothing any more.
  sender.confirm(lane.control, 2);
  expect(sender.depth(lane.control)).toBe(3);
  sender.confirm(lane.control, 5);
  expect(ledger.read(lane.control)).toEqual({ produced: 4, delivered: 3, losses: [{ ...loss, count: 1 }] });
  expect(ledger.read(lane.telemetry)).toEqual({ produced: 1, delivered: 0, losses: [{ ...loss, count: 1 }] });
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("offer" as const),
      lane: fc.constantFrom<Lane>(...laneNumbers),
      key: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
      bytes: fc.nat(600),
      ttl: fc.option(fc.nat(60), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pump" as const), span: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("confirm" as const), nth: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("connect" as const, "disconnect" as const) }) },
);

test("whatever happens, the books balance and the peer sees no hole in the numbers", () => {
  const ends = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 150, size: "max" }), (steps) => {
      const { sender, ledger, offer, pump } = bench({ messagesMax: 8, bytesMax: 3000 });
      const seen = laneNumbers.map(() => -1);
      let onTheWay: readonly Sent[] = [];
      let at = 0;
      for (const each of steps) {
        if (each.kind === "offer")
          offer("x".repeat(each.bytes), each.lane, {
            at,
            ...(each.key === undefined ? {} : { key: each.key }),
            ...(each.ttl === undefined ? {} : { ttl: each.ttl }),
          });
        if (each.kind === "connect") sender.connected();
        if (each.kind === "disconnect") sender.disconnected();
        if (each.kind === "pump") {
          at += each.span;
          const sent = pump(at);
          onTheWay = [...onTheWay, ...sent];
          for (const batch of sent) {
            expect(batch.firstSeq).toBeLessThanOrEqual((seen[batch.lane] ?? 0) + 1);
            seen[batch.lane] = Math.max(seen[batch.lane] ?? 0, batch.lastSeq);
          }
        }
        const confirmed = each.kind === "confirm" ? onTheWay[each.nth] : undefined;
        if (confirmed !== undefined) sender.confirm(confirmed.lane, confirmed.lastSeq);
        for (const lane of laneNumbers) {
          const { produced, delivered, losses } = ledger.read(lane);
          for (const { end, reason } of losses) ends.add(`${end} ${reason}`);
          if (delivered > 0) ends.add("delivered");
          const lost = losses.reduce((sum, { count }) => sum + count, 0);
          expect(produced).toBe(delivered + sender.depth(lane) + lost);
        }
      }
    }),
    { numRuns: 400, seed: 116 },
  );
  // A law seen only in easy weather is not seen.
  expect([...ends].toSorted()).toEqual([
    "delivered",
    "evicted conflated",
    "evicted overflow",
    "expired ttl",
    "refused full",
  ]);
});
