import * as fc from "fast-check";
import { expect, test } from "vitest";
import { channelAt, channelByKey, channelsMax, narrowGrid, placeOf, wideGrid } from "./grid-shape.ts";

const shapes = fc.constantFrom(wideGrid, narrowGrid);

test("a grid has a place for every channel, and the middle of a place is its channel", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: channelsMax }), (shape, channel) => {
      const { column, row } = placeOf(shape, channel);

      expect(channelAt(shape, (column + 0.5) / shape.columns, (row + 0.5) / shape.rows)).toBe(channel);
    }),
  );
});

test("a finger beside the grid means its edge", () => {
  expect(channelAt(wideGrid, -0.2, -0.2)).toBe(1);
  expect(channelAt(wideGrid, 1, 1)).toBe(512);
});

test("keys move along and across, and never out of the universe", () => {
  expect(channelByKey(wideGrid, 1, "ArrowRight")).toBe(2);
  expect(channelByKey(wideGrid, 1, "ArrowDown")).toBe(65);
  expect(channelByKey(narrowGrid, 1, "ArrowDown")).toBe(33);
  expect(channelByKey(wideGrid, 500, "ArrowDown")).toBe(512);
  expect(channelByKey(wideGrid, 7, "ArrowUp")).toBe(1);
  expect(channelByKey(wideGrid, 7, "End")).toBe(512);
  expect(channelByKey(wideGrid, 7, "Tab")).toBeUndefined();
});
