import { seededRandom } from "@interactor/shared/sdk/define-module";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Sensors } from "./sensors.ts";
import { settings } from "./settings.ts";
import { placeOf, type Visitor } from "./visitor.ts";

const step = 0.05;

/** The afternoon of a seed, one look each 50 ms. */
function afternoon(written: object, seed: number, minutes: number) {
  const parsed = settings.parse(written);
  const sensors = new Sensors(parsed, seededRandom(seed));
  return Array.from({ length: (minutes * 60) / step }, () => {
    sensors.advance(step);
    const { visitor, motion, button } = sensors;
    return { visitor, motion, button, place: placeOf(visitor, parsed), distance: sensors.measure() };
  });
}

const shareOf = (looks: readonly { visitor: Visitor }[], kind: Visitor["kind"]): number =>
  looks.filter(({ visitor }) => visitor.kind === kind).length / looks.length;

test("by default somebody is there about 70 % of the time", () => {
  const shares = [1, 2, 3, 4, 5].map((seed) => 1 - shareOf(afternoon({}, seed, 60), "absent"));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;

  expect(mean).toBeGreaterThan(0.6);
  expect(mean).toBeLessThan(0.8);
});

test("by default about 120 visitors come in an hour", () => {
  const looks = afternoon({}, 3, 60);
  const arrivals = looks.filter(
    ({ visitor }, index) => visitor.kind === "approaching" && looks[index - 1]?.visitor.kind === "absent",
  );

  expect(arrivals.length).toBeGreaterThan(90);
  expect(arrivals.length).toBeLessThan(150);
});

test("fewer visitors leave the room empty for longer", () => {
  const quiet = shareOf(afternoon({ visitorsPerHour: 10 }, 1, 240), "absent");

  expect(quiet).toBeGreaterThan(0.85);
});

const rooms = fc.record({
  nearest: fc.double({ min: 0, max: 5, noNaN: true }),
  farthest: fc.double({ min: 5.1, max: 100, noNaN: true }),
  noise: fc.double({ min: 0, max: 1, noNaN: true }),
  dropouts: fc.double({ min: 0, max: 1, noNaN: true }),
  visitorsPerHour: fc.double({ min: 1, max: 150, noNaN: true }),
});

test("whatever the room and the seed, every distance is within the room", () => {
  fc.assert(
    fc.property(rooms, fc.nat(), (room, seed) => {
      const distances = afternoon(room, seed, 2).map(({ distance }) => distance.metres);
      expect(distances.every((metres) => metres >= room.nearest && metres <= room.farthest)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("whatever the seed, motion is true whenever somebody moves, and the button is pressed only by somebody who stands there", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const looks = afternoon({}, seed, 5);
      const moved = looks.filter(
        ({ place }, index) => Math.abs(place - (looks[index - 1]?.place ?? 4)) > 0.0001,
      );
      expect(moved.length).toBeGreaterThan(0);
      expect(moved.every(({ motion, visitor }) => motion || visitor.kind === "absent")).toBe(true);
      expect(looks.filter(({ button }) => button).every(({ visitor }) => visitor.kind === "lingering")).toBe(
        true,
      );
    }),
    { numRuns: 20 },
  );
});

test("motion ends after its hold time once nobody moves", () => {
  const looks = afternoon({ motionHold: 1, visitorsPerHour: 10 }, 1, 60);
  const quietFor = 1 / step + 1;
  const empty = looks.findIndex(
    (_, index) =>
      index > quietFor &&
      looks.slice(index - quietFor, index + 1).every(({ visitor }) => visitor.kind === "absent") &&
      looks[index - quietFor - 1]?.visitor.kind === "leaving",
  );

  expect(empty).toBeGreaterThan(0);
  expect(looks[empty]?.motion).toBe(false);
  expect(looks[empty - quietFor]?.motion).toBe(true);
});

test("a visitor never jumps", () => {
  const places = afternoon({}, 5, 30).map(({ place }) => place);
  const longest = Math.max(...places.map((place, index) => Math.abs(place - (places[index - 1] ?? place))));

  // 3.8 m in 3 s at the fastest, half as fast again in the middle of the walk, and its last step at once.
  expect(longest).toBeLessThan(0.15);
});
