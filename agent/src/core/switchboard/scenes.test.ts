import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { Scenes } from "./scenes.ts";

const both = { night: { "dmx/front": 0.1, "dmx/back": 0 }, party: { "dmx/front": 1 } };

function scenesWith(...recalled: readonly string[]): Scenes {
  const scenes = new Scenes();
  scenes.set(both);
  for (const [index, name] of recalled.entries()) scenes.recall(name, micros(index));
  return scenes;
}

test("a node has an input for each of its scenes", () => {
  expect(Object.keys(scenesWith().inputs)).toEqual(["night", "party"]);
});

test("the scene that was recalled last has the input, and gives it back to the one before", () => {
  const scenes = scenesWith("night", "party");

  expect(scenes.levelOf("dmx/front")).toMatchObject({ value: 1, by: "scene party" });
  expect(scenes.letGo("party")).toEqual(["dmx/front"]);
  expect(scenes.levelOf("dmx/front")).toMatchObject({ value: 0.1, by: "scene night" });
});

test("recalling one again brings it to the top", () => {
  const scenes = scenesWith("night", "party");

  scenes.recall("night", micros(9));

  expect(scenes.levelOf("dmx/front")).toEqual({ value: 0.1, by: "scene night", at: micros(9) });
});

test("other scenes in place move what the recalled ones set and no longer set", () => {
  const scenes = scenesWith("night");

  const moved = scenes.set({ night: { "dmx/front": 0.3, "dmx/warm": 1 } });

  expect(moved.toSorted()).toEqual(["dmx/back", "dmx/front", "dmx/warm"]);
  expect(scenes.levelOf("dmx/back")).toBeUndefined();
  expect(scenes.levelOf("dmx/front")).toMatchObject({ value: 0.3 });
});

test("a scene that is gone is let go, and one that there is not is no scene", () => {
  const scenes = scenesWith("night");

  expect(scenes.recall("constructor", micros(1))).toEqual([]);
  expect(scenes.set({}).toSorted()).toEqual(["dmx/back", "dmx/front"]);
  expect(scenes.levelOf("dmx/front")).toBeUndefined();
});

test("an instance that comes back finds what scenes set of it", () => {
  expect(scenesWith("night").heldOf("dmx").toSorted()).toEqual(["dmx/back", "dmx/front"]);
  expect(scenesWith("night").heldOf("dm")).toEqual([]);
});
