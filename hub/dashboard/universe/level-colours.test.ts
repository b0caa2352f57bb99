import { expect, test } from "vitest";
import { levelColours, paintLevels } from "./level-colours.ts";

const colours = levelColours("#000000", "#202020", "#ffd9a0");
const colourOf = (level: number): number[] => [...colours.subarray(level * 4, level * 4 + 4)];

test("levels go from nothing over a visible least to full", () => {
  expect(colourOf(0)).toEqual([0, 0, 0, 255]);
  expect(colourOf(1)).toEqual([0x20, 0x20, 0x20, 255]);
  expect(colourOf(255)).toEqual([0xff, 0xd9, 0xa0, 255]);
});

test("a higher level is never darker", () => {
  for (let level = 1; level < 256; level++) {
    expect(colourOf(level)[0]).toBeGreaterThanOrEqual(colourOf(level - 1)[0] ?? 0);
  }
});

test("a short universe leaves the rest of the grid empty, a long one does not run over it", () => {
  const pixels = new Uint8ClampedArray(512 * 4);

  paintLevels(pixels, Uint8Array.of(255), colours);
  expect([...pixels.subarray(0, 8)]).toEqual([0xff, 0xd9, 0xa0, 255, 0, 0, 0, 0]);

  paintLevels(pixels, new Uint8Array(600).fill(1), colours);
  expect([...pixels.subarray(-4)]).toEqual([0x20, 0x20, 0x20, 255]);
});
