import { describe, expect, test } from "vitest";
import { instant, millis } from "@interactor/shared/kernel/units";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import { type OriginMark, wayOf } from "@interactor/shared/wire/origin";
import { noon, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { Router } from "./router.ts";

const from = "pi/door/button";
const event = (seq: number) => ({
  value: seq,
  unit: "",
  quality: 0 as const,
  at: noon,
  isEvent: true,
  origin: { session: sessionNumber(9), lane: lane.telemetry, seq, sample: 0 },
});
const toLamp = (name: string, given: Partial<CompiledRoute> = {}): CompiledRoute =>
  routeOf({ name, from, to: `pi2/${name}/on`, ...given });

/** A router after a start: `before` ran in the life before, `now` is in the file. */
function started(before: readonly CompiledRoute[], now = before) {
  const router = new Router(sessionNumber(7));
  for (const routes of [before, now]) router.setRoutes(prepareRoutes(routes), routes, nowAt(0));
  router.connected("pi2");
  return {
    router,
    /** The values that are sent at that time, each with its input. */
    pump(at: number) {
      const sent: unknown[] = [];
      const next = router.pump(instant(at), (_node, ofLane, payload) => {
        const decoded = decodeBatch(payload, ofLane);
        const entries = decoded.ok ? decoded.value.entries : [];
        for (const { to, body, origin } of entries) if (origin !== undefined) sent.push([to, body]);
      });
      return { sent, next };
    },
  };
}

test("a route that was taken away while the hub was down moves nothing; one that was not does", () => {
  const [gone, stays] = [toLamp("gone"), toLamp("stays")];
  const { router, pump } = started([gone, stays], [stays]);

  router.again.value(from, event(1), instant(0));
  router.again.settle(instant(0));

  expect(pump(0).sent).toEqual([["stays/on", 1]]);
  expect(router.again.values).toBe(1);
});

test("a route that was changed or added while the hub was down takes nothing from before", () => {
  const { router, pump } = started(
    [toLamp("changed")],
    [toLamp("changed", { map: "value * 2" }), toLamp("added")],
  );

  router.again.value(from, event(1), instant(0));

  expect(pump(0).sent).toEqual([]);
});

test("what a throttle holds of then comes out at its time, also when other routes came beside it", () => {
  const slow = toLamp("slow", { throttle: millis(100) });
  const { router, pump } = started([slow], [slow, toLamp("added")]);
  for (const seq of [1, 2]) router.again.value(from, event(seq), instant(0));
  router.again.settle(instant(0));

  expect(pump(0)).toMatchObject({ sent: [["slow/on", 1]], next: 100 });
  expect(pump(100).sent).toEqual([["slow/on", 2]]);
});

test("what a throttle holds of then and is known to have been done, or is for a node that was forgotten, does not come out", () => {
  const slow = toLamp("slow", { throttle: millis(100) });
  const group: RouteGroup = { nodes: ["pi2", "pi3"], strategy: "broadcast" };
  const both = toLamp("both", { throttle: millis(100), group });
  const marks = ["pi2/slow/on", "pi2/both/on"].map((to) => ({
    way: wayOf(from, to.split("/")[1] ?? "", to),
    ...event(2).origin,
  }));
  const router = new Router(sessionNumber(7), { marks });
  router.setRoutes(prepareRoutes([slow, both]), [slow, both], nowAt(0));
  for (const seq of [0, 1, 2])
    router.again.value(from, event(seq), instant(0), (node) => node === "pi3" && seq === 2);
  router.again.settle(instant(0));
  router.pump(instant(100), () => undefined);

  expect(router.again.values).toBe(1);
  expect(["pi2", "pi3"].map((node) => router.queues.get(node)?.queued ?? 0)).toEqual([0, 1]);
});

describe("a batch whose events are known to have been done", () => {
  const isEvent = (output: string): boolean => output === from;
  const last = event(5).origin;
  const marks = [{ way: wayOf(from, "lamp", "pi2/lamp/on"), ...last }];
  const reading = toLamp("reading", { from: "pi/sim/distance" });

  test.each<readonly [string, boolean, readonly CompiledRoute[]]>([
    ["is passed over, whatever readings are routed from its node", true, [toLamp("lamp"), reading]],
    ["is read for another route of these events", false, [toLamp("lamp"), toLamp("other")]],
    [
      "is read for a reading whose route counts each value",
      false,
      [toLamp("lamp"), { ...reading, lane: lane.control }],
    ],
    [
      "is read for a filter, which may stand for anything",
      false,
      [toLamp("lamp"), toLamp("all", { from: "+/door/button" })],
    ],
  ])("%s", (_what, isDone, routes) => {
    const router = new Router(sessionNumber(7), { marks });
    router.setRoutes(prepareRoutes(routes), routes, nowAt(0));

    expect(router.again.isDone("pi", last, isEvent)).toBe(isDone);
  });
});

test("a reading is wanted where its route counts each value, an event on any route", () => {
  const routes = [
    toLamp("door"),
    toLamp("plain", { from: "pi/sim/distance" }),
    toLamp("urgent", { from: "pi/sim/contact", lane: lane.control }),
  ];
  const { router } = started(routes);
  const wanted = (output: string, isEvent: boolean) => router.again.isWanted(output, isEvent);

  expect([wanted(from, true), wanted(from, false)]).toEqual([true, false]);
  expect([wanted("pi/sim/distance", false), wanted("pi/sim/contact", false)]).toEqual([false, true]);
  expect(wanted("pi/sim/unrouted", true)).toBe(false);
});

test("what was on its way is marked as done when its node is in a new life, and not when it only lost its link", () => {
  const done: OriginMark[] = [];
  const lamp = toLamp("lamp");
  const router = new Router(sessionNumber(7), { done: (mark) => void done.push(mark) });
  router.setRoutes(prepareRoutes([lamp]), [lamp], nowAt(0));
  router.connected("pi2", true);
  router.values(from, [event(1)], instant(0));
  router.pump(instant(0), () => undefined);

  router.disconnected("pi2");
  router.connected("pi2");
  expect(done).toEqual([]);
  router.disconnected("pi2");
  router.connected("pi2", true);

  expect(done).toEqual([{ way: wayOf(from, "lamp", "pi2/lamp/on"), ...event(1).origin }]);
});
