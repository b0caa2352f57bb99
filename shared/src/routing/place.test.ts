import { expect, test } from "vitest";
import { routeOf } from "../testing/builders.ts";
import { placeRoutes, targetsOf } from "./place.ts";

test("a route runs on the node that has both its ends, every other one on the hub", () => {
  const own = routeOf({ name: "own" });
  const across = routeOf({ name: "across", to: "pi2/lights/front" });
  const second = routeOf({ name: "second" });
  const elsewhere = routeOf({ name: "elsewhere", from: "pi2/sim/distance", to: "pi2/lights/front" });

  const { hub, nodes } = placeRoutes([own, across, second, elsewhere]);

  expect(hub).toEqual([across]);
  expect([...nodes]).toEqual([
    ["pi", [own, second]],
    ["pi2", [elsewhere]],
  ]);
});

test("a node whose name begins like another's is another node", () => {
  const { hub } = placeRoutes([routeOf({ from: "pi/sim/distance", to: "pi-2/lights/front" })]);

  expect(hub).toHaveLength(1);
});

test("a route to a group runs on the hub, also from one of its nodes, and reaches the input of each", () => {
  const group = { nodes: ["pi", "pi2"], strategy: "broadcast" as const };
  const wash = routeOf({ to: "pi/lights/front", group });

  expect(placeRoutes([wash]).hub).toEqual([wash]);
  expect(targetsOf(wash)).toEqual(["pi/lights/front", "pi2/lights/front"]);
  expect(targetsOf(routeOf())).toEqual(["pi/lights/front"]);
});

test("a filter that names its node has an end there, one that may stand for several nodes runs on the hub", () => {
  const placed = ["pi/+/distance", "pi/#", "pi/sim/distance"].map((from) =>
    routeOf({ name: from.length.toString(), from }),
  );
  const several = ["+/sim/distance", "#", "+/#"].map((from) => routeOf({ from }));
  const away = routeOf({ from: "pi2/#" });

  const { hub, nodes } = placeRoutes([...placed, ...several, away]);

  expect(hub).toEqual([...several, away]);
  expect([...nodes]).toEqual([["pi", placed]]);
});
