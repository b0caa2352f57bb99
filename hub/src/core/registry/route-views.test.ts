import { expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { routesResponse } from "@interactor/shared/wire/api";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { routeViews } from "./route-views.ts";

const reported: Reported = {
  v: 1,
  session: sessionNumber(1),
  revision: 1,
  digest: "",
  instances: {},
  owners: {},
  routes: { own: { passed: 5, failed: 1, error: "map: no", budget: { budgetMs: 20, p99Ms: 4, over: 2 } } },
  refused: {},
};

test("a route on a node tells what the node says of it, one on the hub what the hub knows", () => {
  const own = routeOf({ name: "own", through: [{ kind: "debounce", span: millis(50) }] });
  const across = routeOf({ name: "across", to: "pi2/lights/front" });
  const unsaid = routeOf({ name: "constructor" });
  const group = { strategy: "broadcast" as const, nodes: ["pi", "pi2"] };
  const wash = routeOf({ name: "wash", to: "all/lights/front", group });
  const anywhere = routeOf({ name: "anywhere", from: "+/sim/distance" });

  const views = routeViews([own, across, unsaid, wash, anywhere], {
    runners: prepareRoutes([across, wash, anywhere]),
    reportOf: (node) => (node === "pi" ? reported : undefined),
  });

  expect(routesResponse.safeParse({ site: "demo", revision: 1, routes: views }).success).toBe(true);
  expect(views.map(({ name, place, reason, runs }) => [name, place, reason, runs])).toEqual([
    [
      "own",
      "pi",
      "both ends are on pi, so it runs there also while the hub is away",
      { passed: 5, failed: 1, error: "map: no", budget: { budget_ms: 20, p99_ms: 4, over: 2 } },
    ],
    ["across", null, "it leads from pi to pi2", { passed: 0, failed: 0 }],
    ["constructor", "pi", "both ends are on pi, so it runs there also while the hub is away", undefined],
    ["wash", null, "it leads to a group: the hub knows who of all is there", { passed: 0, failed: 0 }],
    ["anywhere", null, "+/sim/distance may stand for outputs of several nodes", { passed: 0, failed: 0 }],
  ]);
  expect(views[0]?.through).toEqual(["debounce"]);
  expect(views[3]?.group).toEqual(group);
});
