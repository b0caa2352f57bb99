import { instant, millis } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { Engine } from "./engine.ts";
import { levelsOfPlaced, type PlacedNumber } from "./placed-input.ts";

const pan: PlacedNumber = { type: "float", slots: [1, 3], min: 0, max: 540, raw: [0, 65_535] };

test.each([
  [pan, 0, [0, 0]],
  [pan, 270, [128, 0]],
  [pan, 540, [255, 255]],
  [pan, 900, [255, 255]],
  [pan, -1, [0, 0]],
  [{ ...pan, slots: [1] }, 270, [128]],
  [{ ...pan, slots: [1], raw: [0, 255] as const }, 270, [128]],
  [{ ...pan, raw: [65_535, 0] as const }, 540, [0, 0]],
  [{ ...pan, slots: [1, 2, 3], raw: [0, 16_777_215] as const }, 540, [255, 255, 255]],
])("%j at %d holds %j", (placed, value, levels) => {
  const fitting = { ...placed, raw: placed.slots.length === 1 ? ([0, 255] as const) : placed.raw };

  expect(levelsOfPlaced(fitting, value)).toEqual(levels);
});

test("a lamp at its least is off, though its channel begins higher up", () => {
  const dimmer: PlacedNumber = { type: "float", slots: [1], min: 0, max: 1, raw: [8, 255], intensity: true };

  expect(levelsOfPlaced(dimmer, 0)).toEqual([0]);
  expect(levelsOfPlaced(dimmer, 0.001)).toEqual([8]);
  expect(levelsOfPlaced(dimmer, 1)).toEqual([255]);
});

const rgb = { type: "text" as const, colour: "rgb" as const, slots: [[1], [2], [3]] };
test.each([
  [rgb, "#ff8000", [255, 128, 0]],
  [rgb, "#F80", [255, 136, 0]],
  [{ ...rgb, colour: "cmy" as const }, "#ff8000", [0, 127, 255]],
  [{ ...rgb, slots: [[1, 2], [3], [4]] }, "#808080", [128, 128, 128, 128]],
  [rgb, "red", undefined],
  [rgb, "#ff80", undefined],
  [rgb, 7, undefined],
])("%j as %j holds %j", (placed, colour, levels) => {
  expect(levelsOfPlaced(placed, colour)).toEqual(levels);
});

test("a slot at rest shows it, gives way to whoever drives it, and comes back to it", () => {
  const engine = new Engine({
    dimmers: {},
    priorities: { channels: 201, dimmers: 100 },
    latest: new Set([0, 2]),
    cueLists: {},
    failsafe: { hold: millis(0), fade: millis(0), scene: new Map() },
    placed: { pan: [1, 3] },
    rest: new Map([[0, 128]]),
  });
  expect([engine.levels[0], engine.levels[2]]).toEqual([128, 0]);

  engine.setPlaced("pan", { levels: [0, 7], owner: "route" }, instant(1));
  expect([engine.levels[0], engine.levels[2]]).toEqual([0, 7]);
  engine.setMaster(0, instant(2));
  expect(engine.levels[2]).toBe(7);
  engine.releasePlaced("pan", 2, instant(3));

  expect([engine.levels[0], engine.levels[2]]).toEqual([128, 0]);
});
