import { describe, expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { prepareRoute, type Sample } from "@interactor/shared/routing/run-route";
import { noon, nowAt, routeOf } from "@interactor/shared/testing/builders";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { Value } from "@interactor/shared/wire/value";
import { Switchboard } from "./switchboard.ts";

const sampleOf = (value: Value): Sample => ({ value, unit: "m", quality: 0, at: noon });
const nothing = new Map<string, Sample>();

/** A route on the node leads to `front`; `ch1` to `ch3` are for the hub's routes and for people. */
function bench() {
  const applied: string[] = [];
  const board = new Switchboard("pi", {
    apply: ({ port }, each) =>
      void applied.push(`${port} ${JSON.stringify(each?.value)} ${each?.owner ?? "free"}`),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  const channel = { type: "int", min: 0, max: 255, actuator: true } as const;
  const inputs = {
    front: { type: "float", actuator: true, stop: 0 },
    ch: { ...channel, count: 3, stop: 7 },
    out2: channel,
    bell: { type: "int" },
  } as const;
  board.declare("lights", { inputs, outputs: {} }, nowAt(0));
  const route = prepareRoute(routeOf({ to: "pi/lights/front" }));
  if (route.ok) board.setRoutes([route.value], nothing, nowAt(0));
  return {
    board,
    applied,
    read: (value: Value) =>
      board.fromOutput({ instance: "sim", port: "distance" }, sampleOf(value), nowAt(1)),
    hub: (port: string, value: Value) =>
      board.fromHub(`lights/${port}`, "across", { value, at: noon }, nowAt(1)),
    set: (port: string, value: Value) => {
      const set = { kind: "set", value, holdFor: millis(1000), ttl: seconds(1), by: "anna" } as const;
      return board.command(`lights/${port}`, set, nowAt(1));
    },
    told: () => applied.splice(0),
  };
}

describe("while a node stands still", () => {
  test("nothing moves an input, and then it goes to where it should be by now", () => {
    const { board, read, hub, told } = bench();
    read(0.25);
    hub("ch1", 20);
    told();

    board.standStill();
    read(0.5);
    hub("ch1", 30);
    hub("ch2", 40);
    board.tick(nowAt(5000));
    expect(told()).toEqual([]);
    board.moveOn(new Map([["sim/distance", sampleOf(0.75)]]), nowAt(5000));

    expect(told().toSorted()).toEqual(["ch1 30 route", "ch2 40 route", "front 0.75 route"]);
  });

  test("people are told that it does not obey, and so is who rings a bell", () => {
    const { board, set, hub, told } = bench();
    board.standStill();

    expect([set("ch1", 5), hub("bell", 1)]).toEqual(["standing-still", "standing-still"]);
    board.moveOn(nothing, nowAt(2));

    expect(told()).toEqual([]);
    expect([set("ch1", 5), hub("bell", 1)]).toEqual(["taken", "taken"]);
  });

  test("a show stop is obeyed, and what was released does not move before the node does", () => {
    const { board, hub, told } = bench();
    hub("ch1", 20);
    told();
    board.standStill();
    hub("ch1", 30);

    board.stopShow("anna", nowAt(2));
    expect(told()).toContain("ch1 7 stop");
    board.releaseStop(nowAt(3));
    expect(told()).toEqual([]);
    board.moveOn(nothing, nowAt(4));

    expect(told()).toContain("ch1 30 route");
  });

  test("an instance that starts again is told what it held, and not what has come since", () => {
    const { board, hub, told } = bench();
    hub("ch1", 20);
    hub("ch2", 20);
    told();
    board.standStill();
    hub("ch2", 90);

    board.reapply("lights", nowAt(9000));

    expect(told()).toEqual(["ch1 20 route"]);
  });
});

describe("a plan says of inputs", () => {
  const planned: Plan["inputs"] = {
    "lights/ch": { stop: 9 },
    "lights/ch2": { stop: 5 },
    "lights/ch3": { failsafe: { hold: null, fade: millis(0) } },
    "lights/out": { stop: 99 },
  };

  test("where they go on a show stop, each by itself or all of a kind", () => {
    const { board, told } = bench();
    board.setInputs({ inputs: planned, scenes: {} }, nowAt(0));

    board.stopShow("anna", nowAt(1));

    // out2 is no counted input: its name only ends like one.
    expect(told()).toEqual(["front 0 stop", "ch1 9 stop", "ch2 5 stop", "ch3 9 stop", "out2 0 stop"]);
  });

  test("another place, which counts at once in a stop", () => {
    const { board, told } = bench();
    board.stopShow("anna", nowAt(1));
    told();

    board.setInputs({ inputs: planned, scenes: {} }, nowAt(2));

    expect(told()).toEqual(["ch1 9 stop", "ch2 5 stop", "ch3 9 stop"]);
  });
});

test("an instance that goes takes its owners along, and comes back without them", () => {
  const { board, hub, told } = bench();
  hub("ch1", 20);
  board.remove("lights");
  told();

  expect(board.owners()).toEqual({});
  expect(hub("ch1", 30)).toBe("unknown-input");
  board.reapply("lights", nowAt(9000));
  expect(told()).toEqual([]);
});
