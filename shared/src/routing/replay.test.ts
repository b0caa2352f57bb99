import { expect, test } from "vitest";
import { millis, micros } from "../kernel/units.ts";
import { noon, routeOf } from "../testing/builders.ts";
import type { Value } from "../wire/value.ts";
import { outputBytes, type Places, Replay } from "./replay.ts";

const after = (ms: number) => micros(noon + ms * 1000);

/** What routes make of values of one output, each with when it came, in ms: `route` gave `value` at so many ms. */
function played(places: Places, given: readonly (readonly [at: number, value: Value])[]) {
  const out: (readonly [at: number, route: string, value: Value])[] = [];
  const replay = new Replay(places, noon, ({ at, route, value }) => {
    out.push([(at - noon) / 1000, route, value]);
  });
  for (const [at, value] of given) {
    const sample = { value, unit: "m", quality: 0 as const, at: after(at) };
    replay.take({ at: after(at), from: "pi/sim/distance", sample });
  }
  replay.end(after(10_000));
  return { out, replay };
}

test("what a route holds comes out at its own time, not when the next value comes", () => {
  const late = routeOf({ name: "late", through: [{ kind: "delay", span: millis(30) }] });

  const { out } = played(
    [[late, routeOf({ name: "now" })]],
    [
      [0, 1],
      [100, 2],
    ],
  );

  expect(out).toEqual([
    [0, "now", 1],
    [30, "late", 1],
    [100, "now", 2],
    [130, "late", 2],
  ]);
});

test("what comes out at one moment is in the order of the routes' names, wherever they run", () => {
  const [a, b] = [routeOf({ name: "a" }), routeOf({ name: "b" })];

  expect(played([[b], [a]], [[0, 1]]).out).toEqual(played([[a, b]], [[0, 1]]).out);
  expect(played([[b, a]], [[0, 1]]).out.map(([, name]) => name)).toEqual(["a", "b"]);
});

test("a value that claims to be earlier than the one before comes with it", () => {
  expect(
    played(
      [[routeOf()]],
      [
        [50, 1],
        [20, 2],
      ],
    ).out.map(([at]) => at),
  ).toEqual([50, 50]);
});

test("a value that a route cannot take is counted, and the others go on", () => {
  const odd = routeOf({ name: "odd", map: "value * 2" });

  const { out, replay } = played(
    [[odd, routeOf({ name: "plain" })]],
    [
      [0, "two"],
      [1, 2],
    ],
  );

  expect(out).toEqual([
    [0, "plain", "two"],
    [1, "odd", 4],
    [1, "plain", 2],
  ]);
  expect(replay.runners.map(({ failed }) => failed)).toEqual([1, 0]);
});

test("two outputs that differ in anything have other bytes", () => {
  const output = { at: noon, route: "a", to: "pi/lights/front", value: 1, quality: 0, stamp: noon } as const;
  const others = [
    {},
    { value: 2 },
    { at: after(1) },
    { stamp: after(1) },
    { key: "k" },
    { quality: 1 as const },
  ];

  const bytes = others.map((other) => Buffer.from(outputBytes({ ...output, ...other })).toString("hex"));

  expect(new Set(bytes).size).toBe(others.length);
});
