/** What the plan of a node says of its inputs: scenes, backgrounds, and the way when a source is lost. */
import { describe, expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { prepareRoute } from "@interactor/shared/routing/run-route";
import { noon, nowAt, routeOf } from "@interactor/shared/testing/builders";
import { quality } from "@interactor/shared/wire/entry";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import { sceneInstance } from "@interactor/shared/wire/names";
import { Switchboard } from "./switchboard.ts";

const lights = {
  inputs: {
    front: { type: "float", min: 0, max: 1, actuator: true, stop: 0 },
    back: { type: "float", min: 0, max: 1, actuator: true, stop: 0 },
  },
  outputs: {},
} as const;
const follow = { name: "follow", from: "pi/sim/level", to: "pi/lights/front" };
const calm = { hold: millis(5000), fade: millis(2000), to: 0 };

const byHand = { ttl: millis(5000), by: "anna", holdFor: millis(1000) };
const reading = (value: number) => ({ value, unit: "", quality: quality.good, at: noon });

type Told = Partial<Pick<Plan, "inputs" | "scenes">>;

/** A node with lights, and everything that its inputs were told. */
function bench({ inputs = {}, scenes = {} }: Told, ...routes: readonly object[]) {
  const told: string[] = [];
  const board = new Switchboard("pi", {
    apply: ({ port }, applied) =>
      told.push(
        `${port} ${applied === undefined ? "free" : `${JSON.stringify(applied.value)} ${applied.owner}`}`,
      ),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  const runners = routes.map((route) => {
    const prepared = prepareRoute(routeOf(route));
    if (!prepared.ok) throw new Error(prepared.error.part);
    return prepared.value;
  });
  board.setInputs({ inputs, scenes }, nowAt(0));
  board.setRoutes(runners, new Map(), nowAt(0));
  board.declare(sceneInstance, { inputs: board.sceneInputs, outputs: {} }, nowAt(0));
  board.declare("lights", lights, nowAt(0));
  const say = (value: number, at: number) =>
    board.fromOutput(
      { instance: "sim", port: "level" },
      { value, unit: "", quality: 0, at: noon },
      nowAt(at),
    );
  const recall = (scene: string, value: boolean, at = 0) =>
    board.fromHub(`${sceneInstance}/${scene}`, "quiet", { value, at: noon }, nowAt(at));
  /** What was told since it was asked last. */
  const heard = () => told.splice(0);
  return { board, heard, say, recall };
}

describe("a scene", () => {
  const scenes = { night: { "lights/front": 0.1, "lights/back": 0.2 } };

  test("takes its inputs from routes, and gives them back to what routes say by then", () => {
    const { heard, recall, say } = bench({ scenes }, follow);
    say(0.9, 0);

    recall("night", true);
    say(0.7, 1);
    recall("night", false);

    expect(heard()).toEqual([
      "front 0.9 route",
      "front 0.1 cue",
      "back 0.2 cue",
      "front 0.7 route",
      "back free",
    ]);
  });

  test("is set by a person like any input, and lies beneath what this holds by hand", () => {
    const { board, heard } = bench({ scenes });

    board.command("lights/front", { ...byHand, kind: "set", value: 1 }, nowAt(0));
    board.command("scene/night", { ...byHand, kind: "set", value: true }, nowAt(0));
    board.tick(nowAt(1000));

    expect(heard()).toEqual(["front 1 manual", "back 0.2 cue", "front 0.1 cue"]);
    expect(board.owners()["lights/front"]).toMatchObject({ kind: "cue", by: "scene night" });
  });

  test("that is not there is no input, and one that is gone from the plan lets go", () => {
    const { board, heard, recall } = bench({ scenes });
    recall("night", true);
    heard();

    expect(recall("day", true)).toBe("unknown-input");
    board.setInputs({ inputs: {}, scenes: {} }, nowAt(1));

    expect(heard()).toEqual(["front free", "back free"]);
  });

  test("is let go when the route that recalled it is gone", () => {
    const quiet = { name: "quiet", from: "pi/sim/level", to: "pi/scene/night", map: "value < 0.5" };
    const { board, heard, say } = bench({ scenes }, quiet);
    say(0.1, 0);

    board.setRoutes([], new Map(), nowAt(1));

    expect(heard()).toEqual(["front 0.1 cue", "back 0.2 cue", "front free", "back free"]);
  });

  test("is recalled again by a route only when this says something else than before", () => {
    const quiet = { name: "quiet", from: "pi/sim/level", to: "pi/scene/night", map: "value < 0.5" };
    const { board, heard, say } = bench({ scenes }, quiet);
    say(0.1, 0);
    heard();

    board.command("scene/night", { ...byHand, kind: "set", value: false }, nowAt(1));
    say(0.2, 2);
    board.catchUp("scene", new Map([["sim/level", reading(0.2)]]), nowAt(3));
    expect(heard()).toEqual(["front free", "back free"]);
    say(0.9, 4);
    say(0.1, 5);

    expect(heard()).toEqual(["front 0.1 cue", "back 0.2 cue"]);
  });

  test("finds an instance that comes later", () => {
    const { board, heard, recall } = bench({ scenes });
    board.remove("lights");
    recall("night", true);
    heard();

    board.declare("lights", lights, nowAt(1));

    expect(heard()).toEqual(["front 0.1 cue", "back 0.2 cue"]);
  });
});

describe("a background", () => {
  test("is what an input holds while nobody has it", () => {
    const { board, heard, say } = bench({ inputs: { "lights/front": { background: 0.3 } } }, follow);

    say(0.9, 0);
    board.setRoutes([], new Map(), nowAt(1));
    board.setInputs({ inputs: {}, scenes: {} }, nowAt(2));

    expect(heard()).toEqual([
      "front 0.3 background",
      "front 0.9 route",
      "front 0.3 background",
      "front free",
    ]);
  });
});

describe("a source that is lost", () => {
  const inputs = { "lights/front": { failsafe: calm } };

  test("leaves the look for a while, then the input fades to its end, and stays there", () => {
    const { board, heard, say } = bench({ inputs }, follow);
    say(0.8, 0);

    board.instanceLost("sim", nowAt(1000));
    for (const at of [5999, 6000, 7000, 8000, 20_000]) board.tick(nowAt(at));

    expect(heard()).toEqual(["front 0.8 route", "front 0.4 route", "front 0 route"]);
    expect(board.owners()["lights/front"]?.by).toBe("follow, whose source is lost");
  });

  test("is followed at once when it is back", () => {
    const { board, heard, say } = bench({ inputs }, follow);
    say(0.8, 0);
    board.instanceLost("sim", nowAt(0));
    board.tick(nowAt(6000));
    heard();

    say(0.6, 6500);
    board.tick(nowAt(9000));

    expect(heard()).toEqual(["front 0.6 route"]);
  });

  test("is known by a value that says of itself that it is stale", () => {
    const { board, heard } = bench({ inputs }, follow);
    const stale = { value: 0.8, unit: "", quality: quality.stale, at: noon };

    board.fromOutput({ instance: "sim", port: "level" }, stale, nowAt(0));
    board.tick(nowAt(7000));

    expect(heard()).toEqual(["front 0.8 route", "front 0 route"]);
  });

  test("is not back by saying again that it is not well, nor by what it said before", () => {
    const { board, heard, say } = bench({ inputs }, follow);
    say(0.8, 0);
    board.instanceLost("sim", nowAt(0));
    for (let at = 500; at <= 9000; at += 500) {
      const doubtful = { value: 0.9, unit: "", quality: quality.bad, at: noon };
      board.fromOutput({ instance: "sim", port: "level" }, doubtful, nowAt(at));
      board.tick(nowAt(at));
    }
    expect(heard().at(-1)).toBe("front 0 route");

    board.instanceLost("sim", nowAt(9000));
    board.standStill();
    board.moveOn(new Map([["sim/level", reading(0.8)]]), nowAt(9500));
    board.catchUp("lights", new Map([["sim/level", reading(0.8)]]), nowAt(9600));
    board.tick(nowAt(60_000));

    expect(heard()).toEqual([]);
  });

  test("of a filter is lost when all are lost that it stands for", () => {
    const any = { name: "any", from: "pi/+/level", to: "pi/lights/front" };
    const { board, heard, say } = bench({ inputs }, any);
    const gives = { inputs: {}, outputs: { level: { type: "float" } } } as const;
    board.declare("sim", gives, nowAt(0));
    board.declare("other", gives, nowAt(0));
    say(0.8, 0);

    board.instanceLost("sim", nowAt(0));
    board.tick(nowAt(9000));
    expect(heard()).toEqual(["front 0.8 route"]);
    board.instanceLost("other", nowAt(9000));
    board.tick(nowAt(20_000));

    expect(heard()).toEqual(["front 0 route"]);
  });

  test("elsewhere is told of by the hub, and is lost with the hub", () => {
    for (const lose of [
      (board: Switchboard) =>
        board.fromHub("lights/front", "far", { value: null, at: noon, quality: quality.stale }, nowAt(0)),
      (board: Switchboard) => board.hubLost(nowAt(0)),
    ]) {
      const { board, heard } = bench({ inputs });
      board.fromHub("lights/front", "far", { value: 0.5, at: noon }, nowAt(0));

      lose(board);
      board.tick(nowAt(7000));

      expect(heard()).toEqual(["front 0.5 route", "front 0 route"]);
    }
  });

  test("the hub's loss leaves alone what routes of the node itself bring", () => {
    const { board, heard, say } = bench({ inputs }, follow);
    say(0.8, 0);

    board.hubLost(nowAt(0));
    board.tick(nowAt(60_000));

    expect(heard()).toEqual(["front 0.8 route"]);
  });

  test("changes nothing for an input without a failsafe", () => {
    const { board, heard, say } = bench({}, follow);
    say(0.8, 0);

    board.instanceLost("sim", nowAt(0));
    board.tick(nowAt(60_000));

    expect(heard()).toEqual(["front 0.8 route"]);
  });

  test("of a route that is taken away ends the failsafe with it", () => {
    const { board, heard, say } = bench({ inputs }, follow);
    say(0.8, 0);
    board.instanceLost("sim", nowAt(0));

    board.setRoutes([], new Map(), nowAt(1));
    board.tick(nowAt(60_000));

    expect(heard()).toEqual(["front 0.8 route", "front free"]);
  });
});
