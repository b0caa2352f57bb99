import { describe, expect, test } from "vitest";
import type { RouteView } from "@interactor/shared/wire/api";
import { listLines, routeNamed, whereLines } from "./route-list.ts";
import { painterFor } from "./output.ts";

const painter = painterFor({ isTTY: false }, true, {});

const viewOf = (given: Partial<RouteView> = {}): RouteView => ({
  name: "follow",
  from: "demo/sim/distance",
  to: "demo/dmx/front",
  through: [],
  lane: "telemetry",
  place: "demo",
  reason: "both ends are on demo, so it runs there also while the hub is away",
  ...given,
});
const answerOf = (...routes: readonly RouteView[]) => ({ site: "demo", revision: 1, routes: [...routes] });
const cellsOf = (line: string | undefined) => line?.split(/ {2,}/);

describe("a list of routes", () => {
  test("tells where each runs, how often, and what is wrong", () => {
    const lines = listLines(
      answerOf(
        viewOf({ through: ["debounce", "hold"], runs: { passed: 12, failed: 0 } }),
        viewOf({
          name: "wash",
          from: "+/sim/distance",
          to: "lamps/dmx/front",
          group: { strategy: "broadcast", nodes: ["a", "b"] },
          place: null,
          runs: {
            passed: 1,
            failed: 2,
            error: "map: No such key: x",
            budget: { budget_ms: 20, p99_ms: 31.25, over: 4 },
          },
        }),
        viewOf({ name: "late" }),
      ),
      painter,
    );

    expect(lines.map(cellsOf)).toEqual([
      ["ROUTE", "FROM", "THROUGH", "TO", "RUNS ON", "PASSED", "FAILED", "WHAT IS WRONG"],
      ["follow", "demo/sim/distance", "debounce, hold", "demo/dmx/front", "demo", "12", "0"],
      [
        "wash",
        "+/sim/distance",
        "–",
        "lamps/dmx/front (broadcast)",
        "hub",
        "1",
        "2",
        "map: No such key: x; 4 over the budget of 20 ms (p99 31.3 ms)",
      ],
      ["late", "demo/sim/distance", "–", "demo/dmx/front", "demo", "–", "–", "demo has not said"],
    ]);
  });

  test("is none where there are none, and says what to do", () => {
    expect(listLines(answerOf(), painter)).toEqual([
      "site demo has no routes yet: write them into the site file, and apply it",
    ]);
  });

  test("is harmless to whoever reads it", () => {
    const lines = listLines(
      answerOf(viewOf({ runs: { passed: 0, failed: 1, error: "\u001b[2J" } })),
      painter,
    );

    expect(lines.join("\n")).not.toContain("\u001b");
  });
});

test("where tells the place and the reason", () => {
  const lines = whereLines(
    answerOf(viewOf(), viewOf({ name: "far", place: null, reason: "it leads from a to b" })),
    painter,
  );

  expect(lines.slice(1).map(cellsOf)).toEqual([
    ["follow", "demo", "both ends are on demo, so it runs there also while the hub is away"],
    ["far", "hub", "it leads from a to b"],
  ]);
});

test("a route that there is not is refused with what was meant", () => {
  expect(() => routeNamed([viewOf()], "folow")).toThrow('there is no route "folow"; did you mean follow?');
  expect(() => routeNamed([], "x")).toThrow('there is no route "x"; there are none');
});
