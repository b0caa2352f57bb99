/** Inputs that are a state and no actuator: who says something of them, what they are then, and who is told. */
import { describe, expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { prepareRoute, type RouteRunner, type Sample } from "@interactor/shared/routing/run-route";
import { noon, nowAt, routeOf } from "@interactor/shared/testing/builders";
import { sceneInstance } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { Switchboard } from "./switchboard.ts";

const ports = {
  inputs: {
    black: { type: "bool", released: false },
    master: { type: "float", min: 0, max: 1, released: 1 },
    mute: { type: "bool", released: false, count: 2 },
    go: { type: "text" },
    front: { type: "float", actuator: true, stop: 0 },
    odd: { type: "float", actuator: true, released: 1 },
  },
  outputs: {},
} as const;
const byHand = { by: "anna", ttl: millis(5000), holdFor: millis(1000) };
const nothing = new Map<string, Sample>();

/** A stage with a night scene; `black` follows an output of the node. */
function bench() {
  const applied: string[] = [];
  const held: string[] = [];
  let ownerChanges = 0;
  const board = new Switchboard("pi", {
    apply: ({ port }, each) => void applied.push(`${port} ${JSON.stringify(each?.value)}`),
    ownersChanged: () => void (ownerChanges += 1),
    held: ({ instance, port }, value) =>
      void held.push(`${instance === sceneInstance ? "scene " : ""}${port} ${JSON.stringify(value)}`),
  });
  board.setInputs({ inputs: {}, scenes: { night: { "stage/front": 0.1 } } }, nowAt(0));
  board.declare(sceneInstance, { inputs: board.sceneInputs, outputs: {} }, nowAt(0));
  board.declare("stage", ports, nowAt(0));
  return {
    board,
    applied: () => applied.splice(0),
    held: () => held.splice(0),
    ownerChanges: () => ownerChanges,
    set: (to: string, value: Value, at = 1) =>
      board.command(to, { ...byHand, kind: "set", value }, nowAt(at)),
    release: (to: string, at = 2) => board.command(to, { ...byHand, kind: "release" }, nowAt(at)),
    route: (to: string, value: Value, by = "desk", at = 1) =>
      board.fromHub(to, by, { value, at: noon }, nowAt(at)),
    owner: (to: string) => board.owners()[to],
  };
}

function bed() {
  const it = bench();
  it.applied();
  it.held();
  return it;
}

const routeTo = (to: string): readonly RouteRunner[] => {
  const route = prepareRoute(routeOf({ name: "key", from: "pi/sim/key", to: `pi/${to}` }));
  if (!route.ok) throw new Error(route.error.part);
  return [route.value];
};

describe("a state", () => {
  test("is told at its rest as soon as it is declared, and its module is not", () => {
    const { applied, held } = bench();

    expect(held()).toEqual(["scene night false", "black false", "master 1", "mute1 false", "mute2 false"]);
    expect(applied()).toEqual([]);
  });

  test("that a person sets is held for as long as nobody says otherwise, and is his", () => {
    const { board, set, applied, held, owner } = bed();

    set("stage/black", true);

    expect(board.tick(nowAt(100_000))).toBeUndefined();
    expect([applied(), held()]).toEqual([["black true"], ["black true"]]);
    expect(owner("stage/black")).toEqual({ kind: "manual", by: "anna", since: nowAt(1).wall });
  });

  test("is nobody's when it is set to its rest", () => {
    const { set, applied, held, owner } = bed();

    set("stage/black", true);
    set("stage/black", false);

    expect([applied(), held()]).toEqual([
      ["black true", "black false"],
      ["black true", "black false"],
    ]);
    expect(owner("stage/black")).toBeUndefined();
  });

  test("that is given back goes to its rest, and its module is told the value of that", () => {
    const { set, release, applied, held, owner } = bed();

    set("stage/master", 0.4);
    release("stage/master");

    expect([applied(), held()]).toEqual([
      ["master 0.4", "master 1"],
      ["master 0.4", "master 1"],
    ]);
    expect(owner("stage/master")).toBeUndefined();
  });

  test("that is given back goes to what a route says of it by now", () => {
    const { set, release, route, held } = bed();
    route("stage/master", 0.8);

    set("stage/master", 0.4);
    release("stage/master");

    expect(held()).toEqual(["master 0.8", "master 0.4", "master 0.8"]);
  });

  test("is as the last one says it: a route overtakes a person, and what he said does not come back", () => {
    const { set, route, held, owner } = bed();
    route("stage/master", 0.8);
    set("stage/master", 0.4);

    route("stage/master", 0.7);
    expect(owner("stage/master")).toMatchObject({ kind: "route", by: "desk" });
    route("stage/master", null);

    expect(held()).toEqual(["master 0.8", "master 0.4", "master 0.7", "master 1"]);
  });

  test("is not undone by a route that only says again what it said", () => {
    const { set, route, held, applied } = bed();
    route("stage/black", false);
    set("stage/black", true);
    applied();
    held();

    route("stage/black", false);
    expect([applied(), held()]).toEqual([[], []]);
    route("stage/black", false, "another");

    expect([applied(), held()]).toEqual([["black false"], ["black false"]]);
  });

  test("is let go when its route is gone, and hears the same route anew when that is back", () => {
    const { board, held } = bed();
    const key = { instance: "sim", port: "key" };
    const on = { value: true, unit: "", quality: 0, at: noon } as const;
    board.setRoutes(routeTo("stage/black"), nothing, nowAt(1));
    board.fromOutput(key, on, nowAt(1));

    board.setRoutes([], nothing, nowAt(2));
    board.setRoutes(routeTo("stage/black"), nothing, nowAt(3));
    board.fromOutput(key, on, nowAt(3));

    expect(held()).toEqual(["black true", "black false", "black true"]);
  });

  test("hears a route that is gone at its rest anew too", () => {
    const { board, set, held } = bed();
    const key = { instance: "sim", port: "key" };
    const off = { value: false, unit: "", quality: 0, at: noon } as const;
    board.setRoutes(routeTo("stage/black"), nothing, nowAt(1));
    board.fromOutput(key, off, nowAt(1));
    board.setRoutes([], nothing, nowAt(2));
    set("stage/black", true);
    held();

    board.setRoutes(routeTo("stage/black"), nothing, nowAt(3));
    board.fromOutput(key, off, nowAt(3));

    expect(held()).toEqual(["black false"]);
  });

  test("is left alone by a show stop, and outlasts it", () => {
    const { board, set, held, owner } = bed();
    set("stage/black", true);

    board.stopShow("bert", nowAt(2));
    board.releaseStop(nowAt(3));

    expect(held().filter((line) => line.startsWith("black"))).toEqual(["black true"]);
    expect(owner("stage/black")?.kind).toBe("manual");
  });

  test("takes the values of its type alone, within its range", () => {
    const { set, held } = bed();

    expect([set("stage/black", 1), set("stage/master", 7), set("stage/master", 0.5)]).toEqual([
      "wrong-type",
      "taken",
      "taken",
    ]);

    expect(held()).toEqual(["master 1", "master 0.5"]);
  });
});

describe("who comes late", () => {
  test("and watches is told of every state, those at rest too", () => {
    const { board, set, held } = bed();
    set("stage/mute2", true);
    set("scene/night", true);
    held();

    board.repeatHeld(nowAt(9));

    expect(held().toSorted()).toEqual([
      "black false",
      "front 0.1",
      "master 1",
      "mute1 false",
      "mute2 true",
      "scene night true",
    ]);
  });

  test("and is the module, started again, is told what it is and what it is no longer", () => {
    const { board, set, release, applied } = bed();
    set("stage/black", true);
    set("stage/master", 0.4);
    release("stage/master");
    applied();

    board.reapply("stage", nowAt(9));

    expect(applied()).toEqual(["black true", "master 1", "mute1 false", "mute2 false"]);
  });
});

describe("what a module says of a state from an earlier life", () => {
  const black = { instance: "stage", port: "black" };

  test("is so, and ends as soon as anybody says otherwise", () => {
    const { board, set, held, owner } = bed();

    board.found(black, true, nowAt(1));
    expect(owner("stage/black")).toMatchObject({ kind: "background", by: "the module's memory" });
    set("stage/black", false);

    expect(held()).toEqual(["black true", "black false"]);
    expect(owner("stage/black")).toBeUndefined();
  });

  test("counts for nothing once somebody has said something: its module is told that", () => {
    const { board, set, applied, held } = bed();
    set("stage/black", false);
    expect([applied(), held()]).toEqual([["black false"], ["black false"]]);

    board.found(black, true, nowAt(2));

    expect([applied(), held()]).toEqual([[], []]);
  });

  test("counts when all that came before was that a route let go", () => {
    const { board, route, release, held } = bed();
    route("stage/black", null);
    release("stage/black");

    board.found(black, true, nowAt(2));

    expect(held()).toEqual(["black true"]);
  });

  test("is passed over of what is no state, and of another type", () => {
    const { board, applied } = bed();

    board.found({ instance: "stage", port: "go" }, "show", nowAt(1));
    board.found({ instance: "stage", port: "front" }, 1, nowAt(1));
    board.found(black, "dark", nowAt(1));

    expect(applied()).toEqual([]);
  });
});

test("an input without a rest takes what happens, each time, and nobody is told that it holds it", () => {
  const { set, release, route, applied, held, owner } = bed();

  set("stage/go", "show");
  route("stage/go", "show");
  route("stage/go", "show");
  release("stage/go");

  expect(applied()).toEqual(['go "show"', 'go "show"', 'go "show"']);
  expect(held()).toEqual([]);
  expect(owner("stage/go")).toBeUndefined();
});

test("an actuator is none, whatever else it declares", () => {
  const { board, set, release, held } = bed();
  set("stage/odd", 0.5);

  release("stage/odd");

  expect(held()).toEqual(["odd 0.5", "odd null"]);
  expect(board.owners()).toEqual({});
});

describe("a scene", () => {
  test("is a state: shown while it is on, and given back", () => {
    const { set, release, held, applied, owner } = bed();

    set("scene/night", true);
    expect(owner("scene/night")).toMatchObject({ kind: "manual", by: "anna" });
    release("scene/night");

    expect(applied()).toEqual(["front 0.1", "front undefined"]);
    expect(held()).toEqual(["front 0.1", "scene night true", "front null", "scene night false"]);
    expect(owner("scene/night")).toBeUndefined();
  });

  test("of a route that is gone is told to be off", () => {
    const { board, route, held } = bed();
    route("scene/night", true, "mode");

    board.fromHub("scene/night", "mode", { value: null, at: noon }, nowAt(2));

    expect(held()).toEqual(["front 0.1", "scene night true", "front null", "scene night false"]);
  });
});

test("a node that stands still keeps what a route says of a state until it moves on", () => {
  const { board, set, route, applied, held } = bed();
  board.standStill();

  expect(set("stage/black", true)).toBe("standing-still");
  route("stage/master", 0.5);
  route("scene/night", true);
  expect([applied(), held()]).toEqual([[], []]);
  board.moveOn(nothing, nowAt(5));

  expect(applied()).toEqual(["master 0.5", "front 0.1"]);
  expect(held()).toEqual(["master 0.5", "front 0.1", "scene night true"]);
});

test("a hand on a master costs a word about its owner once", () => {
  const { route, ownerChanges } = bed();

  for (let step = 0; step < 50; step += 1) route("stage/master", 0.9 - step / 100);

  expect(ownerChanges()).toBe(1);
});
