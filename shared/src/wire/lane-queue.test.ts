import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { instant, millis } from "../kernel/units.ts";
import { entryOf } from "../testing/builders.ts";
import type { Entry } from "./entry.ts";
import { type Lane, lane, laneNumbers } from "./lanes.ts";
import { LaneQueue, type QueueLimits } from "./lane-queue.ts";
import { Ledger } from "./ledger.ts";
import { entryBytesMax } from "./limits.ts";

const start = instant(0);

function queueOf(limits: Partial<QueueLimits> = {}) {
  const ledger = new Ledger();
  const queue = new LaneQueue({ messagesMax: 100, bytesMax: 1_000_000, ...limits }, ledger);
  const offer = (body: Entry["body"], to: Lane = lane.telemetry, key?: string, ttl: number | null = null) =>
    queue.offer({ lane: to, entry: entryOf({ body, ttl: ttl === null ? null : millis(ttl) }), key }, start);
  const take = (from: Lane = lane.telemetry, at = 0) => queue.take(from, instant(at))?.entry.body;
  const losses = (of: Lane = lane.telemetry) => ledger.read(of).losses;
  return { queue, ledger, offer, take, losses };
}

test("messages of a lane leave in the order they came", () => {
  const { offer, take } = queueOf();

  for (const body of [1, 2, 3]) offer(body);

  expect([take(), take(), take(), take()]).toEqual([1, 2, 3, undefined]);
});

test("a newer message of a key takes the place of the one that waits", () => {
  const { offer, take, losses } = queueOf();

  offer("old", lane.telemetry, "distance");
  offer("other");
  offer("new", lane.telemetry, "distance");

  expect([take(), take(), take()]).toEqual(["new", "other", undefined]);
  expect(losses()).toEqual([{ end: "evicted", reason: "conflated", count: 1 }]);
});

test("what has left for the wire is not replaced any more", () => {
  const { offer, take, losses } = queueOf();
  offer("old", lane.telemetry, "distance");
  take();

  offer("new", lane.telemetry, "distance");

  expect(take()).toBe("new");
  expect(losses()).toEqual([]);
});

test("one key in two lanes is two messages", () => {
  const { queue, offer } = queueOf();

  offer(1, lane.control, "receipt");
  offer(2, lane.telemetry, "receipt");

  expect(queue.messages).toBe(2);
});

describe("when it is full", () => {
  test("the oldest of the least urgent lane makes room", () => {
    const { offer, take, losses } = queueOf({ messagesMax: 3 });
    offer("first", lane.bulk);
    offer("second", lane.bulk);
    offer("reading");

    expect(offer("urgent", lane.control)).toBe(true);

    expect(take(lane.bulk)).toBe("second");
    expect(losses(lane.bulk)).toEqual([{ end: "evicted", reason: "overflow", count: 1 }]);
  });

  test("a lane makes room in itself when nothing less urgent waits", () => {
    const { offer, take } = queueOf({ messagesMax: 2 });
    for (const body of [1, 2, 3]) offer(body);

    expect([take(), take(), take()]).toEqual([2, 3, undefined]);
  });

  test("a message less urgent than all that wait is refused", () => {
    const { offer, losses } = queueOf({ messagesMax: 1 });
    offer("command", lane.control);

    expect(offer("log", lane.bulk)).toBe(false);

    expect(losses(lane.bulk)).toEqual([{ end: "refused", reason: "full", count: 1 }]);
  });

  test("critical messages are never evicted, not even for another one", () => {
    const { offer, take, losses } = queueOf({ messagesMax: 1 });
    offer("stop", lane.critical);

    expect(offer("again", lane.critical)).toBe(false);

    expect(take(lane.critical)).toBe("stop");
    expect(losses(lane.critical)).toEqual([{ end: "refused", reason: "full", count: 1 }]);
  });

  test("in bytes, as many go as the new one needs", () => {
    const { queue, offer } = queueOf({ bytesMax: 1000 });
    for (let count = 0; count < 8; count++) offer("x".repeat(50), lane.bulk);

    expect(offer("y".repeat(500), lane.control)).toBe(true);

    expect(queue.bytes).toBeLessThanOrEqual(1000);
    expect(queue.depth(lane.bulk)).toBe(4);
  });

  test("a conflated message that has grown makes room too", () => {
    const { queue, offer, take } = queueOf({ bytesMax: 500 });
    offer("x".repeat(50), lane.bulk);
    offer("small", lane.telemetry, "text");

    offer("y".repeat(400), lane.telemetry, "text");

    expect(queue.bytes).toBeLessThanOrEqual(500);
    expect(queue.depth(lane.bulk)).toBe(0);
    expect(take()).toBe("y".repeat(400));
  });
});

test("a message that no batch could carry is refused and costs no other one its place", () => {
  const { queue, offer, losses } = queueOf({ bytesMax: 10_000_000 });
  offer("reading");

  expect(offer("x".repeat(entryBytesMax), lane.control)).toBe(false);

  expect(queue.messages).toBe(1);
  expect(losses(lane.control)).toEqual([{ end: "refused", reason: "too-large", count: 1 }]);
});

test("what has waited for longer than its TTL is passed over and counted", () => {
  const { offer, take, losses } = queueOf();
  offer("late", lane.telemetry, undefined, 10);
  offer("lasting");

  expect(take(lane.telemetry, 10)).toBe("lasting");

  expect(losses()).toEqual([{ end: "expired", reason: "ttl", count: 1 }]);
});

test("what has expired gives way first: a node that was away for long gets what is still of use", () => {
  const { queue, offer, take, losses } = queueOf({ messagesMax: 3 });
  offer("alive", lane.telemetry);
  offer("dead", lane.critical, undefined, 10);
  offer("dead too", lane.critical, undefined, 10);
  const entry = entryOf({ body: "now", ttl: millis(10) });

  expect(queue.offer({ lane: lane.critical, entry, key: undefined }, instant(11))).toBe(true);

  expect([take(lane.critical, 11), take(lane.telemetry, 11)]).toEqual(["now", "alive"]);
  expect(losses(lane.critical)).toEqual([{ end: "expired", reason: "ttl", count: 2 }]);
  expect(losses(lane.telemetry)).toEqual([]);
});

test("a message larger than the room stays for the next batch", () => {
  const { queue, offer } = queueOf();
  offer("x".repeat(500));

  expect(queue.take(lane.telemetry, start, 100)).toBeUndefined();

  expect(queue.depth(lane.telemetry)).toBe(1);
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant("offer" as const),
    lane: fc.constantFrom<Lane>(...laneNumbers),
    key: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    bytes: fc.nat(400),
    ttl: fc.option(fc.nat(50)),
  }),
  fc.record({
    kind: fc.constant("take" as const),
    lane: fc.constantFrom<Lane>(...laneNumbers),
    span: fc.nat(30),
  }),
);

test("it is never over its limits, and no message ends without being counted", () => {
  const limits = { messagesMax: 6, bytesMax: 1500 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { queue, ledger } = queueOf(limits);
      const taken = laneNumbers.map(() => 0);
      let at = 0;
      for (const each of steps) {
        if (each.kind === "offer") {
          const entry = entryOf({
            body: "x".repeat(each.bytes),
            ttl: each.ttl === null ? null : millis(each.ttl),
          });
          queue.offer({ lane: each.lane, entry, key: each.key }, instant(at));
        } else {
          at += each.span;
          if (queue.take(each.lane, instant(at)) !== undefined)
            taken[each.lane] = (taken[each.lane] ?? 0) + 1;
        }
        expect(queue.messages).toBeLessThanOrEqual(limits.messagesMax);
        expect(queue.bytes).toBeLessThanOrEqual(limits.bytesMax);
        expect(queue.messages).toBe(laneNumbers.reduce<number>((sum, lane) => sum + queue.depth(lane), 0));
      }
      for (const lane of laneNumbers) {
        const { produced, losses } = ledger.read(lane);
        const lost = losses.reduce((sum, { count }) => sum + count, 0);
        expect(produced).toBe((taken[lane] ?? 0) + queue.depth(lane) + lost);
      }
      for (const lane of laneNumbers) while (queue.take(lane, instant(at)) !== undefined);
      expect([queue.messages, queue.bytes]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});

test("critical messages are never evicted, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { queue, ledger } = queueOf({ messagesMax: 5, bytesMax: 1500 });
      for (const each of steps) {
        if (each.kind === "offer")
          queue.offer(
            { lane: each.lane, entry: entryOf({ body: "x".repeat(each.bytes) }), key: undefined },
            start,
          );
      }
      expect(ledger.read(lane.critical).losses.filter(({ end }) => end === "evicted")).toEqual([]);
    }),
  );
});
