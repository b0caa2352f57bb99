/** What of all that is said of a state is news: presses are, sensors that repeat themselves and who is told late are not. */
import { describe, expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { noon, nowAt } from "@interactor/shared/testing/builders";
import { sceneInstance } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { Switchboard } from "./switchboard.ts";

const ports = {
  inputs: {
    black: { type: "bool", released: false },
    master: { type: "float", min: 0, max: 1, released: 1 },
    front: { type: "float", actuator: true, stop: 0 },
  },
  outputs: {},
} as const;
const black = { instance: "stage", port: "black" };
const front = { hold: millis(1000), fade: millis(0) };

function bed() {
  const applied: string[] = [];
  const shown = new Map<string, Value>();
  const board = new Switchboard("pi", {
    apply: ({ port }, each) => void applied.push(`${port} ${JSON.stringify(each?.value)}`),
    ownersChanged: () => undefined,
    held: ({ port }, value) => void shown.set(port, value),
  });
  const inputs = { "stage/front": { failsafe: front } };
  const scenes = { red: { "stage/front": 0.1 }, blue: { "stage/front": 0.2 } };
  board.setInputs({ inputs, scenes }, nowAt(0));
  board.declare(sceneInstance, { inputs: board.sceneInputs, outputs: {} }, nowAt(0));
  board.declare("stage", ports, nowAt(0));
  const says = (by: string, to: string, value: Value, how: Partial<Sample> = {}) =>
    void board.fromHub(to, by, { value, at: noon, ...how }, nowAt(1));
  const hand = { by: "anna", ttl: millis(5000), holdFor: millis(1000) };
  return {
    board,
    applied: () => applied.splice(0),
    shown: (port: string) => shown.get(port),
    owner: (port: string) => board.owners()[`stage/${port}`],
    /** A sensor. */
    says,
    /** A press. */
    presses: (by: string, to: string, value: Value) => says(by, to, value, { isNews: true }),
    /** Somebody who came late is told. */
    again: (by: string, to: string, value: Value) => says(by, to, value, { isAgain: true, isNews: true }),
    sets: (to: string, value: Value) => board.command(to, { ...hand, kind: "set", value }, nowAt(1)),
    gives: (to: string) => board.command(to, { ...hand, kind: "release" }, nowAt(1)),
  };
}

describe("a press", () => {
  test("of one of two buttons counts each time", () => {
    const { presses, shown } = bed();

    const seen = [true, false, true, false, true].map((value) => {
      presses(value ? "on" : "off", "stage/black", value);
      return shown("black");
    });

    expect(seen).toEqual([true, false, true, false, true]);
  });

  test("counts again after a hand", () => {
    const { presses, sets, shown } = bed();
    presses("on", "stage/black", true);
    sets("stage/black", false);

    presses("on", "stage/black", true);

    expect(shown("black")).toBe(true);
  });

  test("brings back a scene over which another was recalled", () => {
    const { presses, applied } = bed();

    for (const scene of ["red", "blue", "red"]) presses(scene, `scene/${scene}`, true);

    expect(applied()).toEqual(["front 0.1", "front 0.2", "front 0.1"]);
  });
});

test("a sensor that repeats itself after a hand, or another sensor, says nothing new", () => {
  const { says, sets, shown, owner } = bed();
  says("warm", "stage/black", false);
  sets("stage/black", true);

  for (let second = 0; second < 3; second += 1) says("warm", "stage/black", false);
  expect(owner("black")).toMatchObject({ kind: "manual" });

  says("smoke", "stage/black", false);
  says("warm", "stage/black", true);
  says("smoke", "stage/black", false);
  expect(shown("black")).toBe(true);
});

describe("a route that lets go", () => {
  test("leaves the state to another that still holds it", () => {
    const { says, shown, owner } = bed();
    says("a", "stage/black", true);
    says("b", "stage/black", true);

    says("b", "stage/black", null);
    expect([shown("black"), owner("black")?.by]).toEqual([true, "a"]);
    says("a", "stage/black", null);

    expect([shown("black"), owner("black")]).toEqual([false, undefined]);
  });

  test("does not bring back what another took back since", () => {
    const { presses, says, shown } = bed();
    presses("on", "stage/black", true);
    presses("off", "stage/black", false);
    says("key", "stage/black", true);

    says("key", "stage/black", null);

    expect(shown("black")).toBe(false);
  });

  test("beneath a hand that set the rest leaves the state to nobody", () => {
    const { says, sets, shown, owner } = bed();
    says("key", "stage/black", true);
    sets("stage/black", false);
    expect(owner("black")).toMatchObject({ kind: "manual" });

    says("key", "stage/black", null);

    expect([shown("black"), owner("black")]).toEqual([false, undefined]);
  });

  test("leaves it to who holds it when it is gone, and to nobody when all are", () => {
    const { board, says, shown, owner } = bed();
    for (const by of ["a", "b", "c"]) says(by, "stage/black", true);

    board.fromHub("stage/black", "c", { value: null, at: noon, isGone: true }, nowAt(2));
    expect([shown("black"), owner("black")?.by]).toEqual([true, "b"]);
    for (const by of ["a", "b"])
      board.fromHub("stage/black", by, { value: null, at: noon, isGone: true }, nowAt(2));

    expect(shown("black")).toBe(false);
  });

  test("of an actuator does not end the failsafe of another", () => {
    const { board, says, applied } = bed();
    says("lux", "stage/front", 0.5);
    board.hubLost(nowAt(1));
    board.tick(nowAt(2000));
    expect(applied()).toEqual(["front 0.5", "front undefined"]);

    says("key", "stage/front", null);
    says("lux", "stage/front", 0.5, { quality: 1 });

    expect(applied()).toEqual([]);
    says("lux", "stage/front", null);
    says("lux", "stage/front", 0.5, { quality: 1 });
    expect(applied()).toEqual(["front 0.5"]);
  });
});

describe("what is told late", () => {
  test("does not end what the module knows from its earlier life, whichever comes first", () => {
    const first = bed();
    first.again("key", "stage/black", false);
    first.board.found(black, true, nowAt(2));
    expect([first.shown("black"), first.applied()]).toEqual([true, ["black true"]]);

    const second = bed();
    second.board.found(black, true, nowAt(2));
    second.again("key", "stage/black", false);
    expect([second.shown("black"), second.applied()]).toEqual([true, ["black true"]]);
  });

  test("holds the state where nothing else does, until its module knows better", () => {
    const { board, again, gives, sets, shown, owner } = bed();
    again("fader", "stage/master", 0.5);
    expect(shown("master")).toBe(0.5);

    board.found({ instance: "stage", port: "master" }, 0.3, nowAt(2));
    expect([shown("master"), owner("master")?.kind]).toEqual([0.3, "background"]);

    // Who gives it back leaves it to the route.
    sets("stage/master", 0.7);
    gives("stage/master");
    expect([shown("master"), owner("master")?.by]).toEqual([0.5, "fader"]);
  });

  test("ends nothing that a hand or another route did", () => {
    const { again, sets, says, shown, owner } = bed();
    sets("stage/black", true);
    again("key", "stage/black", false);
    expect(owner("black")).toMatchObject({ kind: "manual" });

    says("fader", "stage/master", 0.5);
    again("other", "stage/master", 0.9);
    expect([shown("black"), shown("master")]).toEqual([true, 0.5]);
  });

  test("is followed by a change that counts, and by a press", () => {
    const { board, again, says, presses, shown } = bed();
    board.found(black, true, nowAt(1));
    again("key", "stage/black", false);

    presses("key", "stage/black", false);
    expect(shown("black")).toBe(false);

    again("fader", "stage/master", 0.5);
    says("fader", "stage/master", 0.6);
    expect(shown("master")).toBe(0.6);
  });

  test("is no press", () => {
    const { again, presses, sets, shown } = bed();
    presses("on", "stage/black", true);
    sets("stage/black", false);

    again("on", "stage/black", true);

    expect(shown("black")).toBe(false);
  });

  test("counts when the route said something else before", () => {
    const { again, says, shown } = bed();
    says("key", "stage/black", true);

    again("key", "stage/black", false);

    expect(shown("black")).toBe(false);
  });
});

describe("a module that has started", () => {
  test("is told the rest of every state that nobody set, and of none that it knew itself", () => {
    const { board, applied } = bed();
    board.found(black, true, nowAt(1));
    applied();

    board.reapply("stage", nowAt(2));

    expect(applied().toSorted()).toEqual(["black true", "master 1"]);
  });

  test("is told what its states are while the node stands still too", () => {
    const { board, applied, again } = bed();
    board.standStill();
    again("fader", "stage/master", 0.5);

    board.reapply("stage", nowAt(2));
    expect(applied()).toEqual(["black false"]);
    board.moveOn(new Map(), nowAt(3));

    expect(applied()).toEqual(["master 0.5"]);
  });
});
