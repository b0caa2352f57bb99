import { describe, expect, test } from "vitest";
import { instant, millis, seconds } from "@interactor/shared/kernel/units";
import { prepareRoute, type RouteRunner } from "@interactor/shared/routing/run-route";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, quality } from "@interactor/shared/wire/entry";
import { lane, laneNumbers } from "@interactor/shared/wire/lanes";
import { commandBody } from "@interactor/shared/wire/messages/command";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import type { Origin } from "@interactor/shared/wire/origin";
import { noon, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { NodeQueue } from "../queue/node-queue.ts";
import { Router } from "./router.ts";

const across = (given: Partial<CompiledRoute> = {}): CompiledRoute =>
  routeOf({ name: "across", to: "pi2/lights/front", ...given });
const runnersOf = (routes: readonly CompiledRoute[]): readonly RouteRunner[] =>
  routes.flatMap((route) => {
    const prepared = prepareRoute(route);
    return prepared.ok ? [prepared.value] : [];
  });

const originOf = (seq: number, given: Partial<Origin> = {}): Origin => ({
  session: sessionNumber(9),
  lane: lane.telemetry,
  seq,
  sample: 0,
  ...given,
});

function bench(...routes: readonly CompiledRoute[]) {
  const session = sessionNumber(7);
  const router = new Router(session);
  const place = (next: readonly CompiledRoute[], at = 0, all = next) =>
    router.setRoutes(runnersOf(next), all, nowAt(at));
  place(routes);
  return {
    router,
    session,
    place,
    read: (value: number, at = 0, isEvent = false) =>
      router.values("pi/sim/distance", [{ value, unit: "m", quality: 0, at: noon, isEvent }], instant(at)),
    /** What is sent at that time, by node. */
    pump(at: number): readonly (readonly [node: string, entry: Entry])[] {
      const sent: (readonly [string, Entry])[] = [];
      router.pump(instant(at), (node, lane, payload) => {
        const decoded = decodeBatch(payload, lane);
        if (decoded.ok) for (const entry of decoded.value.entries) sent.push([node, entry]);
      });
      return sent;
    },
  };
}

const valuesOf = (sent: readonly (readonly [string, Entry])[]) =>
  sent.map(([node, { body }]) => [node, body]);

test("a value goes to the node at the other end of its route, which it names", () => {
  const { router, read, pump } = bench(across({ map: "value * 2", ttl: millis(500) }));
  router.connected("pi2");

  read(1.5);

  expect(pump(0)).toEqual([
    [
      "pi2",
      expect.objectContaining({
        from: "pi/sim/distance",
        to: "lights/front",
        body: 3,
        ttl: 500,
        route: "across",
        at: noon,
      }),
    ],
  ]);
});

test("for a node that is away only the newest value of a route waits, and not for longer than it is worth", () => {
  const { router, read, pump } = bench(across({ ttl: millis(500) }));
  for (const value of [1, 2, 3]) read(value);
  expect(pump(0)).toEqual([]);
  expect(router.queues.get("pi2")?.queued).toBe(1);

  router.connected("pi2");
  expect(valuesOf(pump(499))).toEqual([["pi2", 3]]);

  const late = bench(across({ ttl: millis(500) }));
  late.read(1);
  late.router.connected("pi2");
  expect(late.pump(500)).toEqual([]);
  expect(late.router.queues.get("pi2")?.ledger.read(lane.telemetry).losses).toEqual([
    { end: "expired", reason: "ttl", count: 1 },
  ]);
});

test("who follows a node that is gone is told that its source is lost", () => {
  const { router, read, pump } = bench(across({}));
  router.connected("pi2");
  read(1.5);
  pump(0);

  router.sourceLost("pi", nowAt(1));

  expect(pump(20)).toEqual([
    ["pi2", expect.objectContaining({ to: "lights/front", route: "across", body: null, quality: 1 })],
  ]);
  router.sourceLost("pi2", nowAt(30));
  expect(pump(50)).toEqual([]);
});

test("in an urgent lane every value is sent", () => {
  const { router, read, pump } = bench(across({ lane: lane.control }));
  for (const value of [1, 2, 3]) read(value);
  router.connected("pi2");

  expect(valuesOf(pump(0))).toEqual([1, 2, 3].map((value) => ["pi2", value]));
});

describe("samples that come together", () => {
  const samples = [1, 7, "seven", 8, 2].map((value) => ({ value, unit: "m", quality: 0, at: noon }) as const);
  const lamps = (strategy: RouteGroup["strategy"], key?: string): RouteGroup => ({
    nodes: ["pi2", "pi3"],
    strategy,
    ...(key === undefined ? {} : { key }),
  });

  test.each<readonly [string, Partial<CompiledRoute>]>([
    ["is plain", {}],
    ["has a condition that some fulfil and some cannot", { when: "value > 5" }],
    ["has a condition that none fulfils", { when: "quality == 2" }],
    ["maps what it can", { map: "value * 2" }],
    ["has a throttle", { throttle: millis(100) }],
    ["is urgent", { lane: lane.control }],
    ["leads to all of a group", { group: lamps("broadcast") }],
    ["tells a group of several things", { group: lamps("broadcast", "value") }],
    ["leads to one of a group after the other", { group: lamps("round-robin") }],
  ])("end as they would one by one where their route %s", (_what, given) => {
    for (const isEvent of [false, true]) {
      const [together, apart] = [bench(across(given)), bench(across(given))];
      const all = samples.map((sample) => ({ ...sample, isEvent }));
      for (const { router } of [together, apart]) for (const node of ["pi2", "pi3"]) router.connected(node);

      together.router.values("pi/sim/distance", all, instant(0));
      for (const sample of all) apart.router.values("pi/sim/distance", [sample], instant(0));

      const [seen, expected] = [together, apart].map(({ router, pump }) => ({
        sent: [pump(0), pump(100)],
        runners: router.runners.map(({ passed, failed, error }) => ({ passed, failed, error })),
        ledgers: [...router.queues.values()].map(({ ledger, queued }) => [
          queued,
          ...laneNumbers.map((each) => ledger.read(each)),
        ]),
      }));
      expect(seen).toEqual(expected);
    }
  });
});

test("a command goes to its node by hand", () => {
  const { router, pump } = bench();
  router.connected("pi2");

  router.command(
    { node: "pi2", instance: "lights", port: "front" },
    { kind: "release", ttl: seconds(1), by: "anna" },
    noon,
    instant(0),
  );

  expect(pump(0)).toMatchObject([
    ["pi2", { to: "lights/front", flags: entryFlag.command, body: { kind: "release", by: "anna" } }],
  ]);
});

describe("receipts", () => {
  test("of this hub's numbers end what was on the way", () => {
    const { router, session, read, pump } = bench(across());
    router.connected("pi2");
    read(1);
    pump(0);
    expect(router.queues.get("pi2")?.queued).toBe(1);

    router.receipt("pi2", { lane: lane.telemetry, session, seq: 0 });

    expect(router.queues.get("pi2")?.queued).toBe(0);
    expect(router.queues.get("pi2")?.ledger.read(lane.telemetry).delivered).toBe(1);
  });

  test("of an earlier hub, or of a node that nothing was sent to, end nothing", () => {
    const { router, session, read, pump } = bench(across());
    router.connected("pi2");
    read(1);
    pump(0);

    router.receipt("pi2", { lane: lane.telemetry, session: sessionNumber(1), seq: 99 });
    router.receipt("nobody", { lane: lane.telemetry, session, seq: 0 });

    expect(router.queues.get("pi2")?.queued).toBe(1);
    expect(router.queues.has("nobody")).toBe(false);
  });
});

test("what a node did not confirm is sent again when it is there again", () => {
  const { router, read, pump } = bench(across());
  router.connected("pi2");
  read(1);
  pump(0);
  router.disconnected("pi2");
  expect(pump(10)).toEqual([]);

  router.connected("pi2");

  expect(valuesOf(pump(20))).toEqual([["pi2", 1]]);
});

test("a throttle's held value comes out by itself", () => {
  const { router, read, pump } = bench(across({ throttle: millis(100) }));
  router.connected("pi2");
  read(1, 0);
  read(2, 10);

  expect(valuesOf(pump(20))).toEqual([["pi2", 1]]);
  expect(valuesOf(pump(100))).toEqual([["pi2", 2]]);
});

describe("other routes", () => {
  test("take the latest value at once", () => {
    const { router, read, place, pump } = bench();
    router.connected("pi2");
    read(1);
    read(2);

    place([across()]);

    expect(valuesOf(pump(0))).toEqual([["pi2", 2]]);
  });

  test("are not led by what happened once", () => {
    const { router, read, place, pump } = bench();
    router.connected("pi2");
    read(1, 0, true);

    place([across()]);

    expect(pump(0)).toEqual([]);
  });

  test("that have not changed go on as they were", () => {
    const { router, read, place, pump } = bench(across({ throttle: millis(100) }));
    router.connected("pi2");
    read(1, 0);
    pump(0);

    place([across({ throttle: millis(100) }), across({ name: "more", to: "pi2/lights/back" })], 10);

    expect(router.runners.map(({ route, passed }) => [route.name, passed])).toEqual([
      ["across", 1],
      ["more", 1],
    ]);
  });

  test("let go of what one that is gone holds, also at a node that is away for a day", () => {
    const { router, place, pump } = bench(across());

    place([], 10);
    router.connected("pi2");

    expect(pump(86_400_000)).toMatchObject([
      ["pi2", { to: "lights/front", route: "across", body: null, ttl: null }],
    ]);
  });

  test("do not let go of what the node itself goes on with", () => {
    const { router, place, pump } = bench(across());

    place([], 10, [across()]);
    router.connected("pi2");

    expect(pump(20)).toEqual([]);
  });
});

test("instances that come back are given the latest values", () => {
  const { router, read, pump } = bench(across(), across({ name: "other", to: "pi2/motor/speed" }));
  router.connected("pi2");
  read(1);
  pump(0);

  router.catchUp("pi2", new Set(["lights"]), instant(1000));

  expect(pump(1000)).toMatchObject([["pi2", { to: "lights/front", body: 1 }]]);
});

describe("a node that is forgotten", () => {
  const batches = (router: Router, at: number) => {
    const sent: { readonly session: string; readonly firstSeq: number }[] = [];
    router.pump(instant(at), (_node, lane, payload) => {
      const decoded = decodeBatch(payload, lane);
      if (decoded.ok) sent.push(decoded.value);
    });
    return sent;
  };

  test("has all that waits and is on the way end, counted", () => {
    const { router, read, pump } = bench(across({ lane: lane.control, ttl: seconds(60) }));
    router.connected("pi2");
    read(1);
    pump(0);
    router.disconnected("pi2");
    read(2);

    const { ledger, queued } = router.forget("pi2") ?? new NodeQueue(sessionNumber(1));

    expect(queued).toBe(0);
    expect(ledger.read(lane.control)).toMatchObject({
      produced: 2,
      losses: [{ end: "evicted", reason: "node-forgotten", count: 2 }],
    });
    expect(router.queues.size).toBe(0);
  });

  test("takes what is sent when it is back after all: its numbers do not begin anew in a session it knows", () => {
    const { router, read, session } = bench(across({ lane: lane.control }));
    router.connected("pi2");
    read(1);
    const before = batches(router, 0);
    router.forget("pi2");
    router.connected("pi2");
    read(2);
    const [after] = batches(router, 1);

    expect(before.map((batch) => batch.session)).toEqual([session]);
    expect(after?.firstSeq).toBe(0);
    expect(after?.session).not.toBe(session);
  });
});

describe("what the life before took in", () => {
  const from = "pi/sim/distance";
  const event = (seq: number, given = {}) => ({
    value: seq,
    unit: "m",
    quality: quality.good,
    at: noon,
    isEvent: true,
    origin: originOf(seq),
    ...given,
  });
  const way = "pi/sim/distance across pi2/lights/front";

  test("goes to its node with its origin, in its order, and none stands for another", () => {
    const { router, pump } = bench(across());
    router.connected("pi2");

    for (const seq of [3, 4, 5]) router.again.value(from, event(seq), instant(-100));

    expect(pump(0).map(([, { body, origin }]) => [body, origin])).toEqual(
      [3, 4, 5].map((seq) => [seq, originOf(seq)]),
    );
    expect(router.again.values).toBe(3);
  });

  test("has the rest of its TTL, and expires when that is over", () => {
    const { router, pump } = bench(across({ ttl: millis(500) }));
    router.connected("pi2");

    router.again.value(from, event(1), instant(-500));
    router.again.value(from, event(2), instant(-499));

    expect(pump(0).map(([, { body, ttl }]) => [body, ttl])).toEqual([[2, 1]]);
    const ledger = router.queues.get("pi2")?.ledger.read(lane.telemetry);
    expect(ledger).toMatchObject({ produced: 2, losses: [{ end: "expired", reason: "ttl", count: 1 }] });
  });

  test("goes nowhere when its node had confirmed it", () => {
    const marks = [{ way, ...originOf(4) }];
    const router = new Router(sessionNumber(7), { marks });
    router.setRoutes(runnersOf([across()]), [across()], nowAt(0));

    for (const seq of [3, 4, 5]) router.again.value(from, event(seq), instant(0));

    expect(router.queues.get("pi2")?.queued).toBe(1);
  });

  test("need not be read when its node has confirmed all of it", () => {
    const routes = [across(), across({ name: "other", from: "pa/sim/distance" })];
    const router = new Router(sessionNumber(7), { marks: [{ way, ...originOf(4, { sample: 1 }) }] });
    router.setRoutes(runnersOf(routes), routes, nowAt(0));
    const isEvent = () => true;

    const isDone = [3, 4, 5].map((seq) => router.again.isDone("pi", originOf(seq, { sample: 1 }), isEvent));

    expect(isDone).toEqual([true, true, false]);
    expect(router.again.isDone("pa", originOf(1), isEvent)).toBe(false);
    expect(router.again.isDone("nobody", originOf(9), isEvent)).toBe(true);
  });

  test("goes to those of a group that have not confirmed it", () => {
    const route = routeOf({
      name: "all",
      to: "stage/lights/front",
      group: { nodes: ["a", "b"], strategy: "broadcast" },
    });
    const marks = [{ way: "pi/sim/distance all a/lights/front", ...originOf(1) }];
    const router = new Router(sessionNumber(7), { marks });
    router.setRoutes(runnersOf([route]), [route], nowAt(0));

    router.again.value(from, event(1), instant(0));

    expect([router.queues.get("a")?.queued ?? 0, router.queues.get("b")?.queued]).toEqual([0, 1]);
  });

  test("is not for a route that was not there", () => {
    const { router, place } = bench();
    place([across()]);

    router.again.value(from, event(1), instant(0));

    expect(router.queues.get("pi2")).toBeUndefined();
  });

  test("is left to its agent when it says it again by itself, unless each value counts in the route's lane", () => {
    const { router } = bench(across(), across({ name: "cue", to: "pi3/lights/front", lane: lane.control }));

    router.again.value(from, event(1, { isEvent: false }), instant(0));

    expect([router.queues.get("pi2"), router.queues.get("pi3")?.queued]).toEqual([undefined, 1]);
  });

  test("comes out of operators when it would have, and its TTL begins then", () => {
    const through: CompiledRoute["through"] = [{ kind: "delay", span: millis(300) }];
    const { router, pump } = bench(across({ through, ttl: millis(500) }));
    router.connected("pi2");

    for (const [seq, at] of [
      [1, -900],
      [2, -400],
      [3, -200],
    ] as const)
      router.again.value(from, event(seq), instant(at));
    router.again.settle(instant(0));

    expect(pump(0).map(([, { body, ttl, origin }]) => [body, ttl, origin])).toEqual([[2, 400, originOf(2)]]);
    expect(pump(100).map(([, { body, origin }]) => [body, origin])).toEqual([[3, originOf(3)]]);
  });

  test("knows its way where a route has a filter, and so does what is confirmed", () => {
    const route = across({ from: "+/sim/distance" });
    const router = new Router(sessionNumber(7), { marks: [{ way, ...originOf(1) }] });
    router.setRoutes(runnersOf([route]), [route], nowAt(0));

    router.again.value(from, event(1), instant(0));
    router.again.value("pa/sim/distance", event(1), instant(0));

    expect([router.again.values, router.queues.get("pi2")?.queued]).toEqual([1, 1]);
    expect(router.again.reach(() => false, ["pi", "pa"]).sources).toEqual(new Set(["pi", "pa"]));
    expect(router.again.isDone("pi", originOf(1), () => true)).toBe(false);
  });

  test("comes out of a throttle when it would have", () => {
    const { router, pump } = bench(across({ throttle: millis(100), ttl: millis(1000) }));
    router.connected("pi2");

    router.again.value(from, event(1), instant(-900));
    router.again.value(from, event(2), instant(-890));
    router.again.value(from, event(3), instant(-880));
    router.again.settle(instant(0));

    expect(pump(0).map(([, { body, ttl }]) => [body, ttl])).toEqual([
      [1, 100],
      [3, 200],
    ]);
  });
});

test("an event stays in the queue of its node whatever comes after it, and what its node confirms is marked", () => {
  const done: unknown[] = [];
  const router = new Router(sessionNumber(7), { done: (mark) => void done.push(mark) });
  router.setRoutes(runnersOf([across()]), [across()], nowAt(0));
  const sample = { value: 1, unit: "", quality: quality.good, at: noon, isEvent: true };
  for (const seq of [1, 2])
    router.values("pi/sim/distance", [{ ...sample, origin: originOf(seq) }], instant(0));
  router.connected("pi2");
  let last = -1;
  router.pump(instant(0), (_node, of, payload) => {
    const decoded = decodeBatch(payload, of);
    if (decoded.ok) last = decoded.value.firstSeq + decoded.value.entries.length - 1;
  });

  router.receipt("pi2", { lane: lane.telemetry, session: sessionNumber(7), seq: last });

  expect(done).toEqual(
    [1, 2].map((seq) => ({ way: "pi/sim/distance across pi2/lights/front", ...originOf(seq) })),
  );
});

test("what was on its way to a node that restarts is not done again, and whoever sent it is told", () => {
  const done: unknown[] = [];
  const ended: unknown[] = [];
  const router = new Router(sessionNumber(7), {
    done: (mark) => void done.push(mark),
    ended: ({ body }, loss) => void ended.push([body, loss]),
  });
  const routes = [across({ lane: lane.control }), across({ name: "light", to: "pi2/lights/back" })];
  router.setRoutes(runnersOf(routes), routes, nowAt(0));
  router.connected("pi2", true);
  const event = { value: 1, unit: "", quality: quality.good, at: noon, isEvent: true, origin: originOf(1) };
  const sent = () => {
    const bodies: unknown[] = [];
    router.pump(instant(0), (_node, of, payload) => {
      const decoded = decodeBatch(payload, of);
      if (decoded.ok) bodies.push(...decoded.value.entries.map(({ to, body }) => [to, body]));
    });
    return bodies;
  };
  router.values("pi/sim/distance", [event], instant(0));
  const state = { ...event, value: 2, isEvent: false, origin: undefined };
  router.values("pi/sim/distance", [state], instant(0));
  const command = { kind: "set", value: 3, holdFor: seconds(1), by: "me", ttl: seconds(1) } as const;
  const to = { node: "pi2", instance: "lights", port: "front" };
  router.command(to, command, noon, instant(0));
  expect(sent()).toHaveLength(5);

  router.disconnected("pi2");
  router.values("pi/sim/distance", [{ ...event, value: 4, origin: originOf(2) }], instant(0));
  router.connected("pi2", true);

  expect(sent()).toEqual([
    ["lights/front", 2],
    ["lights/back", 2],
    ["lights/front", 4],
  ]);
  const refused = { end: "refused", reason: "node-restarted" };
  expect(ended).toEqual([
    [1, refused],
    [commandBody(command), refused],
    [1, refused],
  ]);
  // Nor does a later life of the hub have it done.
  expect(done).toMatchObject([{ seq: 1 }, { seq: 1 }]);
});
