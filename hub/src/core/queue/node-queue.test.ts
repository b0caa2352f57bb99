import { expect, test } from "vitest";
import { instant, millis, seconds } from "@interactor/shared/kernel/units";
import { SharedRoom } from "@interactor/shared/wire/lane-queue";
import { lane } from "@interactor/shared/wire/lanes";
import { nodeBatchEntriesMax, nodeQueueOwnBytes, windowPublishes } from "@interactor/shared/wire/limits";
import { noon, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { NodeQueue } from "./node-queue.ts";

const at = instant(0);
const routed = { value: 1, at: noon, quality: 0 } as const;

test("values of one route to one input replace each other, those of another route do not", () => {
  const queue = new NodeQueue(sessionNumber(1));

  queue.routed(routeOf(), "lights/front", routed, at);
  queue.routed(routeOf(), "lights/front", routed, at);
  queue.routed(routeOf({ name: "other" }), "lights/front", routed, at);

  expect(queue.depth(lane.telemetry)).toBe(2);
});

test("events of one route are all kept", () => {
  const queue = new NodeQueue(sessionNumber(1));

  for (const value of [1, 2])
    queue.routed(routeOf(), "lights/front", { ...routed, value, isEvent: true }, at);

  expect(queue.depth(lane.telemetry)).toBe(2);
});

test("gives a node small batches, so that what is urgent stands behind little", () => {
  const queue = new NodeQueue(sessionNumber(1));
  queue.connected();
  for (let count = 0; count < 1000; count++)
    queue.routed(routeOf(), "lights/front", { ...routed, isEvent: true }, at);
  const sizes: number[] = [];

  queue.pump(at, (_lane, _payload, lastSeq) =>
    sizes.push(lastSeq + 1 - sizes.reduce((sum, each) => sum + each, 0)),
  );

  expect(sizes).toEqual(Array.from({ length: windowPublishes }, () => nodeBatchEntriesMax));
});

test("holds fifty thousand events for a slow node", () => {
  const queue = new NodeQueue(sessionNumber(1));

  for (let count = 0; count < 50_000; count++)
    queue.routed(routeOf(), "lights/front", { ...routed, isEvent: true }, at);

  expect(queue.depth(lane.telemetry)).toBe(50_000);
});

test("queues that fill the room of all take nothing from one that is well", () => {
  const room = new SharedRoom(2 * nodeQueueOwnBytes);
  const offerTo = (queue: NodeQueue, count: number) => {
    for (let each = 0; each < count; each++)
      queue.routed(routeOf(), "lights/front", { ...routed, value: "x".repeat(1000), isEvent: true }, at);
  };
  const [first, second, well] = [1, 2, 3].map(() => new NodeQueue(sessionNumber(1), { room }));
  if (first === undefined || second === undefined || well === undefined) throw new Error("three queues");

  offerTo(first, 1000);
  offerTo(second, 1000);
  offerTo(well, 100);

  expect(well.depth(lane.telemetry)).toBe(100);
  expect(room.bytes).toBeLessThanOrEqual(room.bytesMax + 2 * nodeQueueOwnBytes);
  expect(second.depth(lane.telemetry)).toBeGreaterThan(100);
  expect(second.ledger.read(lane.telemetry).losses).toMatchObject([{ end: "evicted", reason: "overflow" }]);
});

test("commands are all kept", () => {
  const queue = new NodeQueue(sessionNumber(1));
  const command = { kind: "set", value: 1, holdFor: seconds(1), ttl: millis(100), by: "anna" } as const;

  for (let count = 0; count < 3; count++) queue.command("lights/front", command, noon, at);

  expect(queue.depth(lane.control)).toBe(3);
});

test("a route that is gone replaces what it still had to say", () => {
  const queue = new NodeQueue(sessionNumber(1));
  queue.routed(routeOf(), "lights/front", routed, at);

  queue.released(routeOf(), "lights/front", noon, at);

  expect(queue.depth(lane.telemetry)).toBe(1);
  expect(queue.ledger.read(lane.telemetry).losses).toEqual([
    { end: "evicted", reason: "conflated", count: 1 },
  ]);
});
