// Wherever a route runs, it does the same: the real switchboard of a node beside the real router of the hub with its
// queue, and the inbox and switchboard of the same node behind it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Inbox } from "../../agent/src/core/inbox/inbox.ts";
import { Switchboard } from "../../agent/src/core/switchboard/switchboard.ts";
import { Router } from "../../hub/src/core/routing/router.ts";
import { instant, millis } from "@interactor/shared/kernel/units";
import { placeRoutes } from "@interactor/shared/routing/place";
import { outputBytes, type Places, Replay, type ReplayOutput } from "@interactor/shared/routing/replay";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { lane } from "@interactor/shared/wire/lanes";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { aggregates, type Operator } from "@interactor/shared/wire/messages/operator";
import type { Value } from "@interactor/shared/wire/value";

const ports = {
  inputs: {
    front: { type: "float", min: 0, max: 1, actuator: true },
    level: { type: "float" },
    note: { type: "text" },
  },
  outputs: {},
} as const;

interface Reading {
  readonly pause: number;
  readonly output: string;
  readonly value: Value;
  readonly isEvent: boolean;
}

/** What became of the inputs, in order. */
type Trace = readonly (readonly [input: string, value: Value | undefined])[];

/** The same, each input told of every value, also of one that it holds already. */
const plainPorts = {
  inputs: { front: { type: "float", min: 0, max: 1 }, level: { type: "float" }, note: { type: "text" } },
  outputs: {},
} as const;

/** A node with its inputs, and all that they are told. */
function nodeWithInputs(declared: typeof ports | typeof plainPorts = ports): {
  readonly board: Switchboard;
  readonly trace: [string, Value | undefined][];
} {
  const trace: [string, Value | undefined][] = [];
  const board = new Switchboard("pi", {
    apply: ({ port }, applied) => void trace.push([port, applied?.value]),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  board.declare("lights", declared, nowAt(0));
  return { board, trace };
}

/** Somewhere routes run: it takes readings, and looks at the time whenever something is due. */
interface Place {
  take(reading: Reading, at: number): void;
  /** Returns when to look again. */
  look(at: number): number | undefined;
  readonly trace: Trace;
}

function onNode(routes: readonly CompiledRoute[], declared?: typeof plainPorts): Place {
  const { board, trace } = nodeWithInputs(declared);
  board.setRoutes(prepareRoutes(routes), new Map(), nowAt(0));
  return {
    trace,
    take: ({ output, value, isEvent }, at) =>
      board.fromOutput({ instance: "sim", port: output }, sampleOf(value, isEvent, at), nowAt(at)),
    look: (at) => board.tick(nowAt(at)),
  };
}

function onHub(routes: readonly CompiledRoute[]): Place {
  const { board, trace } = nodeWithInputs();
  const router = new Router(sessionNumber(1));
  const inbox = new Inbox(board, {
    receipt: (receipt) => router.receipt("pi", receipt),
    result: () => undefined,
    clock: () => undefined,
    refused: () => undefined,
    missed: (_lane, entries) => expect(entries).toBe(0),
  });
  router.setRoutes(prepareRoutes(routes), routes, nowAt(0));
  router.connected("pi");
  return {
    trace,
    take: ({ output, value, isEvent }, at) =>
      router.values(`pi/sim/${output}`, [sampleOf(value, isEvent, at)], instant(at)),
    look: (at) => router.pump(instant(at), (_node, lane, payload) => inbox.receive(lane, payload, nowAt(at))),
  };
}

const sampleOf = (value: Value, isEvent: boolean, at: number) => ({
  value,
  isEvent,
  unit: "m",
  quality: 0 as const,
  at: nowAt(at).wall,
});

/** A minute beyond the last reading, so that what is held comes out. */
const after = 60_000;

function played(place: Place, readings: readonly Reading[]): Trace {
  let now = 0;
  const lookUntil = (until: number) => {
    for (let due = place.look(now); due !== undefined && due <= until; due = place.look(now))
      now = Math.max(now, due);
    now = until;
  };
  for (const reading of readings) {
    lookUntil(now + reading.pause);
    place.take(reading, now);
  }
  lookUntil(now + after);
  return place.trace;
}

const spans = fc.integer({ min: 1, max: 60 }).map(millis);
const operator: fc.Arbitrary<Operator> = fc.oneof(
  fc.record({ kind: fc.constantFrom("throttle", "debounce", "hold", "delay"), span: spans }),
  fc.record({ kind: fc.constant("window"), span: spans, give: fc.constantFrom(...aggregates) }),
  fc.record({ kind: fc.constant("hysteresis"), on: fc.constant(1), off: fc.constantFrom(-1, 2) }),
  fc.record({ kind: fc.constant("deadband"), by: fc.constantFrom(0.5, 2) }),
  fc.record({ kind: fc.constant("when"), expression: fc.constantFrom("value != 2", "value > 0") }),
  fc.record({
    kind: fc.constant("map"),
    expression: fc.constantFrom("value * 2", "from", "value > 0 ? value : null"),
  }),
);

const route = fc.record(
  {
    from: fc.constantFrom("pi/sim/distance", "pi/sim/button", "pi/+/distance", "pi/#"),
    to: fc.constantFrom("pi/lights/front", "pi/lights/front", "pi/lights/level", "pi/lights/note"),
    when: fc.constantFrom("value != 1", 'from == "pi/sim/distance"'),
    map: fc.constantFrom("value > 0 ? 1 : 0", "value > 0 ? 0.5 : null", "scale(value, -2, 3, 0, 1)", "from"),
    throttle: spans,
    through: fc.array(operator, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ["from", "to"] },
);
const routes = fc
  .array(route, { minLength: 1, maxLength: 5 })
  // In this lane each value counts: in that of telemetry a newer one may take the place of one on its way.
  .map((all) => all.map((each, index) => routeOf({ ...each, name: `r${index}`, lane: lane.control })));

const readings = fc.array(
  fc.record({
    pause: fc.integer({ min: 0, max: 50 }),
    output: fc.constantFrom("distance", "button"),
    value: fc.oneof({ arbitrary: fc.integer({ min: -2, max: 3 }), weight: 9 }, fc.boolean()),
    isEvent: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

test("routes on their node and the same routes on the hub do the same to its inputs", () => {
  let changes = 0;
  let letGo = 0;

  fc.assert(
    fc.property(routes, readings, (routes, readings) => {
      expect(placeRoutes(routes).nodes.get("pi")).toEqual(routes);

      const placed = played(onNode(routes), readings);
      const routed = played(onHub(routes), readings);

      expect(routed).toEqual(placed);
      changes += placed.length;
      letGo += placed.filter(([, value]) => value === undefined).length;
    }),
    { numRuns: 600 },
  );

  expect(changes).toBeGreaterThan(500);
  expect(letGo).toBeGreaterThan(20);
});

/** What a replay gives, the graph being in these places. */
function replayed(places: Places, readings: readonly Reading[]): readonly ReplayOutput[] {
  const outputs: ReplayOutput[] = [];
  const replay = new Replay(places, nowAt(0).wall, (output) => void outputs.push(output));
  let now = 0;
  for (const { pause, output, value, isEvent } of readings) {
    now += pause;
    replay.take({
      at: nowAt(now).wall,
      from: `pi/sim/${output}`,
      sample: sampleOf(value, isEvent, now),
    });
  }
  replay.end(nowAt(now + after).wall);
  return outputs;
}

test("a replay gives each input what a node's switchboard gives it", () => {
  let changes = 0;

  fc.assert(
    fc.property(routes, readings, (routes, readings) => {
      const told = played(onNode(routes, plainPorts), readings);

      const { board, trace } = nodeWithInputs(plainPorts);
      for (const { at, route, to, value } of replayed([routes], readings))
        board.fromHub(to.slice("pi/".length), route, { value, at }, nowAt(0));

      // Two routes may give one input something at one moment: which of them is first, nobody promises.
      expect(inAnyOrder(trace)).toEqual(inAnyOrder(told));
      changes += told.length;
    }),
    { numRuns: 300 },
  );

  expect(changes).toBeGreaterThan(500);
});

const inAnyOrder = (trace: Trace): readonly string[] => trace.map((each) => JSON.stringify(each)).toSorted();

test("a replay of a graph in several places has the bytes of a replay of it in one", () => {
  let outputs = 0;
  const logOf = (places: Places, given: readonly Reading[]) =>
    replayed(places, given).map((output) => Buffer.from(outputBytes(output)).toString("hex"));

  fc.assert(
    fc.property(routes, readings, fc.integer({ min: 1, max: 4 }), (routes, readings, places) => {
      const spread = Array.from({ length: places }, (_each, place) =>
        routes.filter((_route, index) => index % places === place),
      );

      const log = logOf([routes], readings);

      expect(logOf(spread, readings)).toEqual(log);
      expect(logOf([routes], readings)).toEqual(log);
      outputs += log.length;
    }),
    { numRuns: 300 },
  );

  expect(outputs).toBeGreaterThan(500);
});

test("no route is lost: each runs in one place, and a node has those that begin and end on it", () => {
  const address = fc.constantFrom("pi/sim/a", "pi/+/a", "pi/#", "pi2/sim/a", "+/sim/a", "#");
  const target = fc.constantFrom("pi/lights/front", "pi2/lights/front");
  const many = fc.array(fc.record({ from: address, to: target }), { maxLength: 20 });

  fc.assert(
    fc.property(many, (given) => {
      const all = given.map((each, index) => routeOf({ ...each, name: `r${index}` }));

      const { hub, nodes } = placeRoutes(all);

      const everywhere = [...hub, ...[...nodes.values()].flat()];
      expect(everywhere.map(({ name }) => name).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
      for (const [node, placed] of nodes)
        for (const { from, to } of placed)
          expect([from.split("/")[0], to.split("/")[0]]).toEqual([node, node]);
    }),
  );
});
