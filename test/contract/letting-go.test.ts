// A route on the hub that lets go of an input, and what comes between: the real router with its queue, and the inbox and
// switchboard of the node behind it.

import { expect, test } from "vitest";
import { Inbox } from "../../agent/src/core/inbox/inbox.ts";
import { Switchboard } from "../../agent/src/core/switchboard/switchboard.ts";
import { Router } from "../../hub/src/core/routing/router.ts";
import { instant, millis } from "@interactor/shared/kernel/units";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Value } from "@interactor/shared/wire/value";

const visitor: Partial<CompiledRoute> = {
  name: "visitor",
  from: "door/pir/motion",
  to: "pi/stage/wash",
  map: "value ? 0.6 : null",
  ttl: millis(5000),
};

const ports = {
  inputs: { wash: { type: "float", min: 0, max: 1, actuator: true } },
  outputs: {},
} as const;

/** A node, and the hub that it has at the time. */
function site() {
  const told: (Value | undefined)[] = [];
  const refused: string[] = [];
  const board = new Switchboard("pi", {
    apply: (_address, applied) => void told.push(applied?.value),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  board.setInputs({ inputs: { "stage/wash": { failsafe } }, scenes: {} }, nowAt(0));
  board.declare("stage", ports, nowAt(0));
  const hubOf = (life: number, route = visitor) => {
    const router = new Router(sessionNumber(life));
    const routes = [routeOf(route)];
    router.setRoutes(prepareRoutes(routes), routes, nowAt(0));
    const inbox = new Inbox(board, {
      receipt: (receipt) => router.receipt("pi", receipt),
      result: () => undefined,
      clock: () => undefined,
      refused: (reason) => void refused.push(reason),
      missed: () => undefined,
    });
    return {
      router,
      says: (value: boolean, at: number) =>
        router.values("door/pir/motion", [{ value, unit: "", quality: 0, at: nowAt(at).wall }], instant(at)),
      pump: (at: number) =>
        router.pump(instant(at), (_node, lane, payload) => inbox.receive(lane, payload, nowAt(at))),
    };
  };
  return { board, told, refused, hubOf };
}

const failsafe = { hold: millis(5000), fade: millis(0), to: 0 };

test("what the hub before had set is let go of when the next one hears that nobody is there", () => {
  const { board, told, hubOf } = site();
  const before = hubOf(1);
  before.router.connected("pi");
  before.says(true, 0);
  before.pump(0);
  board.hubLost(nowAt(1000));
  board.tick(nowAt(6000));
  expect(told).toEqual([0.6, 0]);

  const next = hubOf(2);
  next.router.connected("pi");
  next.says(false, 7000);
  next.pump(7000);
  board.tick(nowAt(60_000));

  expect(told).toEqual([0.6, 0, undefined]);
  expect(board.owners()).toEqual({});
});

test("a null that is too old for a node that was away is said again when it is back", () => {
  const { told, hubOf } = site();
  const { router, says, pump } = hubOf(1);
  router.connected("pi");
  says(true, 0);
  pump(0);
  router.disconnected("pi");
  says(false, 1000);

  router.connected("pi");
  pump(60_000);
  expect(told).toEqual([0.6]);
  router.catchUp("pi", new Set(["stage"]), instant(60_001));
  pump(60_001);

  expect(told).toEqual([0.6, undefined]);
});

test("a sensor whose node goes away is left behind by the failsafe, also by what the hub still says in doubt", () => {
  const { board, told, hubOf } = site();
  const calm = { hold: millis(5000), fade: millis(0) };
  board.setInputs({ inputs: { "stage/wash": { failsafe: calm } }, scenes: {} }, nowAt(0));
  const { router, says, pump } = hubOf(1);
  router.connected("pi");
  says(true, 0);
  pump(0);

  router.sourceLost("door", nowAt(1000));
  pump(1000);
  board.tick(nowAt(5999));
  expect(told).toEqual([0.6]);
  board.tick(nowAt(6000));
  router.sourceLost("door", nowAt(7000));
  pump(7000);
  board.tick(nowAt(60_000));
  expect(told).toEqual([0.6, undefined]);
  says(true, 61_000);
  pump(61_000);

  expect(told).toEqual([0.6, undefined, 0.6]);
});

test("of what waits for a node the last counts, whether it holds or lets go", () => {
  const { told, hubOf } = site();
  const { router, says, pump } = hubOf(1);
  for (const isThere of [true, false, true]) says(isThere, 0);

  router.connected("pi");
  pump(100);

  expect(told).toEqual([0.6]);
  expect(router.queueOf("pi").ledger.read(2)).toMatchObject({ produced: 3, delivered: 1 });
});

test("a route that is gone lets go for whenever the node comes, also of what is no actuator, and that is no fault", () => {
  const { board, told, refused, hubOf } = site();
  board.declare("desk", { inputs: { go: { type: "text" } }, outputs: {} }, nowAt(0));
  const { router, says, pump } = hubOf(1);
  const toGo = routeOf({ ...visitor, name: "go", to: "pi/desk/go", map: 'value ? "show" : "stop"' });
  const both = [routeOf(visitor), toGo];
  router.setRoutes(prepareRoutes(both), both, nowAt(0));
  router.connected("pi");
  says(true, 0);
  pump(0);
  router.disconnected("pi");

  router.setRoutes([], [], nowAt(1000));
  router.connected("pi");
  pump(3_600_000);

  expect(told).toEqual([0.6, "show", undefined]);
  expect(refused).toEqual([]);
});

test("a null for what is no actuator is counted where it came to", () => {
  const { board, told, refused, hubOf } = site();
  board.declare("desk", { inputs: { go: { type: "text" } }, outputs: {} }, nowAt(0));
  const { router, says, pump } = hubOf(1, { ...visitor, to: "pi/desk/go", map: 'value ? "show" : null' });
  router.connected("pi");

  says(true, 0);
  pump(0);
  says(false, 1000);
  pump(1000);

  expect([told, refused]).toEqual([["show"], ["wrong-type"]]);
});
