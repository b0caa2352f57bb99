import { expect, test } from "vitest";
import { instant, millis, seconds } from "@interactor/shared/kernel/units";
import { lane } from "@interactor/shared/wire/lanes";
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
