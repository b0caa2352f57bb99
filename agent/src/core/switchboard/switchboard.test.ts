import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { prepareRoute, type RouteRunner, type Sample } from "@interactor/shared/routing/run-route";
import { noon, nowAt, routeOf } from "@interactor/shared/testing/builders";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import type { Value } from "@interactor/shared/wire/value";
import { Switchboard } from "./switchboard.ts";

const sampleOf = (value: Value): Sample => ({ value, unit: "m", quality: 0, at: noon });

const runnersOf = (...routes: readonly Partial<CompiledRoute>[]): readonly RouteRunner[] =>
  routes.map((given) => {
    const prepared = prepareRoute(routeOf(given));
    if (!prepared.ok) throw new Error(prepared.error.fault.message);
    return prepared.value;
  });

const lights: DeclaredPorts = {
  inputs: {
    front: { type: "float", min: 0, max: 1, actuator: true },
    ch: { type: "int", min: 0, max: 255, count: 3, actuator: true },
    on: { type: "bool", actuator: true, stop: true },
    tune: { type: "int", min: 1, max: 10 },
  },
  outputs: {},
};

function bench(ports: DeclaredPorts = lights) {
  const applied: (readonly [input: string, value: Value | undefined, owner: string | undefined])[] = [];
  const held: (readonly [input: string, value: Value])[] = [];
  let ownerChanges = 0;
  const board = new Switchboard("pi", {
    apply: ({ port }, each) => void applied.push([port, each?.value, each?.owner]),
    ownersChanged: () => void (ownerChanges += 1),
    held: ({ port }, value) => void held.push([port, value]),
  });
  board.declare("lights", ports, nowAt(0));
  return {
    board,
    applied,
    held,
    changes: () => ownerChanges,
    set: (port: string, value: Value, holdFor = 1000, at = 0, by = "anna") =>
      board.command(
        `lights/${port}`,
        { kind: "set", value, holdFor: millis(holdFor), ttl: seconds(1), by },
        nowAt(at),
      ),
    release: (port: string, at = 0) =>
      board.command(`lights/${port}`, { kind: "release", ttl: seconds(1), by: "anna" }, nowAt(at)),
    route: (port: string, value: Value, at = 0, by = "across") =>
      board.fromHub(`lights/${port}`, by, { value, at: noon }, nowAt(at)),
    read: (value: Value, at = 0) =>
      board.fromOutput({ instance: "sim", port: "distance" }, sampleOf(value), nowAt(at)),
    /** What an input holds by what was applied to it. */
    now: (port: string) => applied.findLast(([each]) => each === port)?.slice(1),
  };
}

test("a value of an output goes over its route to the input", () => {
  const { board, read, now } = bench();
  board.setRoutes(runnersOf({ map: "value / 2" }), new Map(), nowAt(0));

  read(0.5);

  expect(now("front")).toEqual([0.25, "route"]);
});

test("a value that stays the same is not applied again", () => {
  const { applied, route, held } = bench();

  route("front", 0.5);
  route("front", 0.5);

  expect(applied).toHaveLength(1);
  expect(held).toEqual([["front", 0.5]]);
});

describe("a manual value", () => {
  test("goes before a route's and gives back to what the route has by now", () => {
    const { board, route, set, now } = bench();
    route("front", 0.1);
    set("front", 0.9, 1000, 0);
    route("front", 0.3, 500);
    expect(now("front")).toEqual([0.9, "manual"]);

    board.tick(nowAt(1000));

    expect(now("front")).toEqual([0.3, "route"]);
  });

  test("ends no earlier than it should, and the switchboard says when to come back", () => {
    const { board, set, now } = bench();
    set("front", 0.9, 1000, 0);

    expect(board.tick(nowAt(999))).toBe(1000);
    expect(now("front")).toEqual([0.9, "manual"]);
    expect(board.tick(nowAt(1000))).toBeUndefined();

    expect(now("front")).toEqual([undefined, undefined]);
  });

  test("set again holds for longer", () => {
    const { board, set, now } = bench();
    set("front", 0.9, 1000, 0);
    set("front", 0.9, 1000, 600);

    board.tick(nowAt(1000));

    expect(now("front")).toEqual([0.9, "manual"]);
    expect(board.owners()["lights/front"]?.until).toBe(nowAt(1600).wall);
  });

  test("is released before its time, and a release of nothing does nothing", () => {
    const { route, set, release, now, applied } = bench();
    release("front");
    expect(applied).toEqual([]);
    route("front", 0.1);
    set("front", 0.9);

    expect(release("front", 10)).toBe("taken");

    expect(now("front")).toEqual([0.1, "route"]);
  });
});

describe("a show stop", () => {
  test("sends every actuator where it declares, counted ports too, and leaves other inputs alone", () => {
    const { board, applied } = bench();

    board.stopShow("anna", nowAt(0));

    expect(applied.toSorted(([left], [right]) => left.localeCompare(right))).toEqual([
      ["ch1", 0, "stop"],
      ["ch2", 0, "stop"],
      ["ch3", 0, "stop"],
      ["front", 0, "stop"],
      ["on", true, "stop"],
    ]);
  });

  test("holds against routes and people, and gives back to what they want by now", () => {
    const { board, route, set, now } = bench();
    board.stopShow("anna", nowAt(0));
    route("front", 0.4, 10);
    set("front", 0.9, 60_000, 20);
    set("ch1", 100, 30, 20);
    expect([now("front"), now("ch1")]).toEqual([
      [0, "stop"],
      [0, "stop"],
    ]);
    board.tick(nowAt(100));

    board.releaseStop(nowAt(200));

    expect(now("front")).toEqual([0.9, "manual"]);
    expect(now("ch1")).toEqual([undefined, undefined]);
    expect(board.owners()).toEqual({
      "lights/front": { kind: "manual", by: "anna", since: nowAt(200).wall, until: nowAt(60_020).wall },
    });
  });

  test("holds an instance that comes later", () => {
    const { board, applied } = bench();
    board.stopShow("anna", nowAt(0));

    board.declare("more", { inputs: { fan: { type: "bool", actuator: true } }, outputs: {} }, nowAt(10));

    expect(applied.at(-1)).toEqual(["fan", false, "stop"]);
  });

  test("said twice is one, and released twice too", () => {
    const { board, changes } = bench();
    board.stopShow("anna", nowAt(0));
    const after = changes();

    board.stopShow("anna", nowAt(5));
    expect(changes()).toBe(after);
    board.releaseStop(nowAt(10));
    board.releaseStop(nowAt(20));

    expect(board.owners()).toEqual({});
  });
});

describe("a show stop that another one holds by now", () => {
  test("is his, and moves nothing", () => {
    const { board, applied } = bench();
    board.stopShow("anna", nowAt(0));
    const moved = applied.length;

    board.stopShow("bert", nowAt(5));

    expect(applied.length).toBe(moved);
    expect(board.owners()["lights/front"]).toEqual({ kind: "stop", by: "bert", since: nowAt(5).wall });
  });
});

describe("a value is fitted to its input", () => {
  test.each<readonly [string, Value, Value]>([
    ["front", 7, 1],
    ["front", -7, 0],
    ["ch1", 12.6, 13],
    ["ch1", 300, 255],
    ["ch3", 254.9, 255],
    ["tune", 0, 1],
  ])("%s of %j is %j", (port, value, fitted) => {
    const { route, now } = bench();

    expect(route(port, value)).toBe("taken");
    expect(now(port)?.[0]).toBe(fitted);
  });

  test("whatever the number, the input gets one inside its range", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { route, now } = bench();
        for (const [port, least, most] of [
          ["front", 0, 1],
          ["ch2", 0, 255],
        ] as const) {
          route(port, value);
          expect(now(port)?.[0]).toBeOneOf([expect.toSatisfy((each) => each >= least && each <= most)]);
        }
      }),
    );
  });
});

test.each<readonly [string, Value, string]>([
  ["lights/nothing", 1, "unknown-input"],
  ["lights/ch", 1, "unknown-input"],
  ["lights/ch0", 1, "unknown-input"],
  ["lights/ch4", 1, "unknown-input"],
  ["lights/constructor", 1, "unknown-input"],
  ["constructor/front", 1, "unknown-input"],
  ["lights", 1, "unknown-input"],
  ["", 1, "unknown-input"],
  ["lights/front", "1", "wrong-type"],
  ["lights/front", true, "wrong-type"],
  ["lights/front", Number.NaN, "wrong-type"],
  ["lights/front", Number.POSITIVE_INFINITY, "wrong-type"],
  ["lights/front", [1], "wrong-type"],
  ["lights/on", 1, "wrong-type"],
])("%s does not take %j: %s", (to, value, reception) => {
  const { board, applied } = bench();
  const command = { kind: "set", value, holdFor: seconds(1), ttl: seconds(1), by: "anna" } as const;

  expect(board.fromHub(to, "across", { value, at: noon }, nowAt(0))).toBe(reception);
  expect(board.command(to, command, nowAt(0))).toBe(reception);

  expect(applied).toEqual([]);
  expect(board.owners()).toEqual({});
});

test("an input that moves nothing takes every value and has no owner", () => {
  const { board, set, route, applied } = bench();

  set("tune", 4);
  route("tune", 5);
  set("tune", 5);

  expect(applied).toEqual([
    ["tune", 4, "manual"],
    ["tune", 5, "route"],
    ["tune", 5, "manual"],
  ]);
  expect(board.owners()).toEqual({});
});

describe("other routes", () => {
  test("take over from the old ones without a gap", () => {
    const { board, read, applied } = bench();
    board.setRoutes(runnersOf({ name: "old" }), new Map(), nowAt(0));
    read(0.5);

    board.setRoutes(
      runnersOf({ name: "new", map: "value / 2" }),
      new Map([["sim/distance", sampleOf(0.5)]]),
      nowAt(10),
    );

    expect(applied).toEqual([
      ["front", 0.5, "route"],
      ["front", 0.25, "route"],
    ]);
    expect(board.owners()["lights/front"]?.by).toBe("new");
  });

  test("let go of what only a route that is gone held", () => {
    const { board, read, now } = bench();
    board.setRoutes(runnersOf({ name: "old" }), new Map(), nowAt(0));
    read(0.5);

    board.setRoutes([], new Map([["sim/distance", sampleOf(0.5)]]), nowAt(10));

    expect(now("front")).toEqual([undefined, undefined]);
  });

  test("let go of an input that a route has turned away from", () => {
    const { board, read, now } = bench();
    board.setRoutes(runnersOf({ name: "follow" }), new Map(), nowAt(0));
    read(0.5);

    board.setRoutes(
      runnersOf({ name: "follow", to: "pi/lights/on", map: "true" }),
      new Map([["sim/distance", sampleOf(0.5)]]),
      nowAt(10),
    );

    expect(now("front")).toEqual([undefined, undefined]);
    expect(now("on")).toEqual([true, "route"]);
  });

  test("leave alone what a person or a route on the hub holds", () => {
    const { board, set, route, now } = bench();
    board.setRoutes(runnersOf({ name: "old" }), new Map(), nowAt(0));
    set("front", 0.9);
    route("on", true);

    board.setRoutes([], new Map(), nowAt(10));

    expect(now("front")).toEqual([0.9, "manual"]);
    expect(now("on")).toEqual([true, "route"]);
  });
});

test("a route on the hub that is gone lets go of what it held, and of nothing else", () => {
  const { board, route, now } = bench();
  route("front", 0.5, 0, "across");

  expect(route("front", null, 10, "another")).toBe("taken");
  expect(now("front")).toEqual([0.5, "route"]);
  expect(route("front", null, 20, "across")).toBe("taken");

  expect(now("front")).toEqual([undefined, undefined]);
  expect(board.owners()).toEqual({});
});

test("a throttle's held value comes out by itself", () => {
  const { board, read, now } = bench();
  board.setRoutes(runnersOf({ throttle: millis(100) }), new Map(), nowAt(0));
  read(0.1, 0);
  read(0.2, 10);

  expect(board.tick(nowAt(20))).toBe(100);
  board.tick(nowAt(100));

  expect(now("front")).toEqual([0.2, "route"]);
});

test("an instance that starts again is told what its inputs hold", () => {
  const { board, set, applied } = bench();
  set("front", 0.9);
  set("ch2", 7);
  applied.length = 0;

  board.reapply("lights", nowAt(9000));

  expect(applied).toEqual([
    ["front", 0.9, "manual"],
    ["ch2", 7, "manual"],
  ]);
});

test("an input that an instance no longer has loses its owner, and that is said", () => {
  const { board, set, changes } = bench();
  set("front", 0.9);
  set("ch2", 7);
  const before = changes();
  const inputs: Record<string, InputSpec> = { front: { type: "float", actuator: true } };

  board.declare("lights", { inputs, outputs: {} }, nowAt(10));

  expect(Object.keys(board.owners())).toEqual(["lights/front"]);
  expect(changes()).toBeGreaterThan(before);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant("route" as const), value: fc.nat(9) }),
  fc.record({ kind: fc.constant("set" as const), value: fc.nat(9), holdFor: fc.nat(50) }),
  fc.record({ kind: fc.constantFrom("release" as const, "stop" as const, "resume" as const) }),
  fc.record({ kind: fc.constant("wait" as const), span: fc.nat(30) }),
);

test("after whatever happens the input holds what stop, person or route want, in this order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { board, route, set, release, now } = bench();
      let at = 0;
      let isStopped = false;
      let routed: number | undefined;
      let manual: { readonly value: number; readonly due: number } | undefined;
      for (const each of steps) {
        if (each.kind === "wait") at += each.span;
        if (each.kind === "route") {
          route("ch1", each.value, at);
          routed = each.value;
        } else if (each.kind === "set") {
          set("ch1", each.value, each.holdFor, at);
          manual = { value: each.value, due: at + each.holdFor };
        } else if (each.kind === "release") {
          release("ch1", at);
          manual = undefined;
        } else if (each.kind === "stop") {
          board.stopShow("anna", nowAt(at));
          isStopped = true;
        } else if (each.kind === "resume") {
          board.releaseStop(nowAt(at));
          isStopped = false;
        }
        board.tick(nowAt(at));
        if (manual !== undefined && manual.due <= at) manual = undefined;
        const wanted = isStopped ? 0 : (manual?.value ?? routed);
        expect(now("ch1")?.[0]).toBe(wanted);
      }
    }),
    { numRuns: 300 },
  );
});

test("eight stopped universes are told by the stop, and not channel by channel", () => {
  const universe: DeclaredPorts = {
    inputs: { ch: { type: "int", min: 0, max: 255, count: 512, actuator: true } },
    outputs: {},
  };
  const { board } = bench();
  for (let number = 0; number < 8; number += 1) board.declare(`u${number}`, universe, nowAt(0));
  board.lapse({ instance: "lights", port: "front" }, "lease: the hub is away", nowAt(0));
  expect(Object.keys(board.ownersBesideStop())).toEqual(["lights/front"]);

  board.stopShow("anna", nowAt(1));

  expect(Object.keys(board.owners()).length).toBeGreaterThan(8 * 512);
  expect(board.ownersBesideStop()).toEqual({});
});
