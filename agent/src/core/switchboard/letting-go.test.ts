/** `null` of a route lets go of what the route holds, the same whether it runs on the node or on the hub. */
import { describe, expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { prepareRoute, type Sample } from "@interactor/shared/routing/run-route";
import { noon, nowAt, routeOf } from "@interactor/shared/testing/builders";
import { quality } from "@interactor/shared/wire/entry";
import { sceneInstance } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { Switchboard } from "./switchboard.ts";

const lights = {
  inputs: {
    front: { type: "float", min: 0, max: 1, actuator: true, stop: 0 },
    back: { type: "float", min: 0, max: 1, actuator: true, stop: 0 },
    go: { type: "text" },
  },
  outputs: {},
} as const;
const calm = { hold: millis(5000), fade: millis(2000), to: 0 };
const inputs = { "lights/front": { failsafe: calm } };
const scenes = { night: { "lights/back": 0.1 } };
const motion = { name: "visitor", from: "pi/pir/motion" };
const toFront = { ...motion, to: "pi/lights/front", map: "value ? 1.0 : null" };
const toScene = { ...motion, to: `pi/${sceneInstance}/night`, map: "value ? true : null" };

type Place = "node" | "hub";

/** A node with lights, all that they are told, and a sensor whose route runs here or there. */
function bench(place: Place, route = toFront) {
  const told: string[] = [];
  const board = new Switchboard("pi", {
    apply: ({ port }, applied) =>
      told.push(
        `${port} ${applied === undefined ? "free" : `${JSON.stringify(applied.value)} ${applied.owner}`}`,
      ),
    ownersChanged: () => undefined,
    held: ({ port }, value) => told.push(`${port} is told as ${JSON.stringify(value)}`),
  });
  board.setInputs({ inputs, scenes }, nowAt(0));
  const prepared = prepareRoute(routeOf(route));
  if (!prepared.ok) throw new Error(prepared.error.fault.message);
  const runner = prepared.value;
  if (place === "node") board.setRoutes([runner], new Map(), nowAt(0));
  board.declare(sceneInstance, { inputs: board.sceneInputs, outputs: {} }, nowAt(0));
  board.declare("lights", lights, nowAt(0));
  // That the scene is off.
  told.splice(0);
  const latest = new Map<string, Sample>();
  /** What the sensor says. Returns why its route could not do it, if it could not. */
  const say = (value: Value, at: number, how: Sample["quality"] = quality.good): string | undefined => {
    const sample = { value, unit: "", quality: how, at: noon };
    if (place === "node") {
      latest.set("pir/motion", sample);
      board.fromOutput({ instance: "pir", port: "motion" }, sample, nowAt(at));
      return runner.error;
    }
    let reception: string | undefined;
    runner.offer(sample, nowAt(at).instant, ({ name, to }, made) => {
      reception = board.fromHub(to.slice("pi/".length), name, made, nowAt(at));
      return undefined;
    });
    return reception === "taken" ? undefined : reception;
  };
  const byHand = (value: number, holdFor: number, at: number) =>
    board.command(
      "lights/front",
      { kind: "set", value, holdFor: millis(holdFor), ttl: millis(5000), by: "anna" },
      nowAt(at),
    );
  /** What the inputs were told since it was asked last. */
  const heard = () => told.splice(0).filter((line) => !line.includes("told"));
  return { board, told, heard, say, byHand, latest };
}

describe.each(["node", "hub"] as const)("a route on the %s", (place) => {
  test("holds the input with a value and leaves it with null, once", () => {
    const { told, say, board } = bench(place);

    say(true, 0);
    say(false, 1);
    say(false, 2);

    expect(told).toEqual(["front 1 route", "front is told as 1", "front free", "front is told as null"]);
    expect(board.owners()).toEqual({});
  });

  test("that never held the input lets nothing go", () => {
    const { heard, say, board } = bench(place);
    board.fromHub("lights/front", "other", { value: 0.5, at: noon }, nowAt(0));

    expect(say(false, 1)).toBeUndefined();

    expect(heard()).toEqual(["front 0.5 route"]);
  });

  test("lets go beneath a person and beneath a stop: what they leave is free", () => {
    const { heard, say, byHand, board } = bench(place);
    say(true, 0);
    byHand(0.3, 1000, 0);
    say(false, 500);
    expect(heard()).toEqual(["front 1 route", "front 0.3 manual"]);

    board.tick(nowAt(1000));
    expect(heard()).toEqual(["front free"]);

    say(true, 2000);
    board.stopShow("anna", nowAt(2000));
    say(false, 2001);
    board.releaseStop(nowAt(3000));
    expect(heard().filter((line) => line.startsWith("front"))).toEqual([
      "front 1 route",
      "front 0 stop",
      "front free",
    ]);
  });

  test("that has let go loses nothing when its source is lost", () => {
    const { heard, say, board } = bench(place);
    say(true, 0);
    say(false, 1);
    heard();

    board.instanceLost("pir", nowAt(2));
    board.hubLost(nowAt(2));
    say(false, 3, quality.stale);
    board.tick(nowAt(60_000));

    expect(heard()).toEqual([]);
  });

  test("ends the failsafe when its source comes back and has nothing to hold", () => {
    const { heard, say, board } = bench(place);
    say(true, 0);
    if (place === "node") board.instanceLost("pir", nowAt(0));
    else board.hubLost(nowAt(0));
    board.tick(nowAt(7000));
    expect(heard()).toEqual(["front 1 route", "front 0 route"]);

    say(false, 8000);
    board.tick(nowAt(60_000));

    expect(heard()).toEqual(["front free"]);
  });

  test("is in doubt with a null of doubtful quality: what it holds goes the way of the failsafe", () => {
    const { heard, say, board } = bench(place);
    say(true, 0);

    say(false, 0, quality.stale);
    expect(heard()).toEqual(["front 1 route"]);
    board.tick(nowAt(7000));

    expect(heard()).toEqual(["front 0 route"]);
  });

  test("lets go of the scene that it recalled, and of none that a person did", () => {
    const { heard, say, board } = bench(place, toScene);
    say(true, 0);
    say(false, 1);
    expect(heard()).toEqual(["back 0.1 cue", "back free"]);

    const set = { kind: "set", value: true, holdFor: millis(1000), ttl: millis(5000), by: "anna" } as const;
    board.command(`${sceneInstance}/night`, set, nowAt(2));
    say(false, 3);

    expect(heard()).toEqual(["back 0.1 cue"]);
  });

  test("cannot let go of what is no actuator, and that is counted", () => {
    const { heard, say } = bench(place, { ...motion, to: "pi/lights/go", map: 'value ? "show" : null' });

    expect(say(true, 0)).toBeUndefined();
    expect(say(false, 1)).toMatch(/^wrong-type$|^to: the input takes another type of value$/);

    expect(heard()).toEqual(['go "show" route']);
  });
});

describe("a failsafe that ends in letting go", () => {
  const release = { "lights/front": { failsafe: { hold: millis(5000), fade: millis(0) } } };
  const lost = () => {
    const bed = bench("node");
    bed.board.setInputs({ inputs: release, scenes: {} }, nowAt(0));
    bed.say(true, 0);
    bed.board.instanceLost("pir", nowAt(0));
    return bed;
  };

  test("leaves the input when it has held long enough, and says so", () => {
    const { told, board } = lost();

    expect(board.tick(nowAt(4999))).toBe(5000);
    board.tick(nowAt(5000));

    expect(told.slice(2)).toEqual(["front free", "front is told as null"]);
    expect(board.owners()).toEqual({});
  });

  test("is not undone by what comes in doubt, but by what is good", () => {
    const { heard, board, say } = lost();
    board.tick(nowAt(5000));
    heard();

    for (const at of [6000, 7000, 8000]) {
      say(true, at, quality.bad);
      board.tick(nowAt(at));
    }
    expect(heard()).toEqual([]);
    say(true, 9000);
    expect(heard()).toEqual(["front 1 route"]);

    // From then on it may be lost once more.
    say(true, 10_000, quality.bad);
    board.tick(nowAt(15_000));
    expect(heard()).toEqual(["front free"]);
  });

  test("is over when the source is back and has nothing to hold", () => {
    const { heard, board, say } = lost();
    board.tick(nowAt(5000));
    say(false, 6000);
    heard();

    say(true, 7000, quality.bad);
    board.tick(nowAt(7000));

    expect(heard()).toEqual(["front 1 route"]);
    board.tick(nowAt(12_000));
    expect(heard()).toEqual(["front free"]);
  });

  test("leaves what a person has to them, and is beneath no more", () => {
    const { heard, board, byHand } = lost();
    byHand(0.3, 10_000, 1000);
    board.tick(nowAt(5000));
    expect(heard()).toEqual(["front 1 route", "front 0.3 manual"]);

    board.tick(nowAt(11_000));

    expect(heard()).toEqual(["front free"]);
  });
});

test("what a route that is gone leaves at an input that is no actuator is no fault", () => {
  const { board } = bench("hub");
  const gone = { value: null, at: noon, isGone: true };

  expect(board.fromHub("lights/go", "visitor", gone, nowAt(0))).toBe("taken");
});

test("a node that has changed over lets go of what nobody holds by then", () => {
  const { board, heard, say, latest } = bench("node");
  say(true, 0);
  heard();

  board.standStill();
  say(false, 1);
  expect(heard()).toEqual([]);
  board.moveOn(latest, nowAt(2));

  expect(heard()).toEqual(["front free"]);
});

test("an input that comes anew is told that nobody holds it when the sensor sees nobody", () => {
  const { board, heard, say, latest } = bench("node");
  say(true, 0);
  board.remove("lights");
  heard();
  say(false, 1);

  board.declare("lights", lights, nowAt(2));
  board.catchUp("lights", latest, nowAt(2));
  board.reapply("lights", nowAt(2));

  expect(heard()).toEqual([]);
  say(true, 3);
  expect(heard()).toEqual(["front 1 route"]);
});
