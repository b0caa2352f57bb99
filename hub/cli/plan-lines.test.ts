import { expect, test } from "vitest";
import type { PlanResponse } from "@interactor/shared/wire/api-config";
import { painterFor } from "./output.ts";
import { heldIn, planLines } from "./plan-lines.ts";

const plain = painterFor({}, false, {});

const nodeOf = (node: string, given: Partial<PlanResponse["nodes"][number]> = {}) => ({
  node,
  start: [],
  stop: [],
  restart: [],
  takeOver: [],
  reconfigure: [],
  routes: { added: [], removed: [], changed: [] },
  inputs: [],
  there: true,
  ...given,
});

const planOf = (given: Partial<PlanResponse>): PlanResponse => ({
  site: "demo",
  base: 3,
  unchanged: false,
  changes: [],
  nodes: [],
  untouched: 0,
  ...given,
});

test("a plan tells what changes, what each node does about it, and who waits", () => {
  const plan = planOf({
    changes: [
      {
        kind: "changed",
        what: "instance",
        name: "demo/dmx",
        nodes: ["demo"],
        isRestart: true,
        details: [{ path: "settings.universe", before: 1, after: 2 }],
      },
      { kind: "added", what: "route", name: "wave", nodes: ["hall"], isRestart: false, details: [] },
    ],
    nodes: [
      nodeOf("demo", {
        restart: ["dmx"],
        start: ["osc"],
        asked: [{ instance: "osc", asks: ["host a.example:443", "256 MB of memory"] }],
      }),
      nodeOf("hall", {
        routes: { added: ["wave"], removed: ["old"], changed: ["near"] },
        inputs: ["dmx/front"],
        there: false,
        held: "mode open of zone hall has no updates",
      }),
    ],
    untouched: 4,
  });

  expect(planLines(plan, plain)).toEqual([
    "site demo, against revision 3:",
    "~ instance demo/dmx, which starts anew",
    "    settings.universe: 1 => 2",
    "+ route wave",
    "",
    "node demo: starts osc; restarts dmx",
    "    osc may from now on use host a.example:443, 256 MB of memory",
    "node hall: routes +wave, -old, ~near; failsafe, stop or background of dmx/front (away: it gets it when it is back) (waits: mode open of zone hall has no updates)",
    "4 other nodes untouched",
  ]);
  expect(heldIn(plan).map(({ node }) => node)).toEqual(["hall"]);
});

test("a plan tells what the hub does itself, and that a mode holds it when it allows the nodes", () => {
  const held = 'zone hall is in mode "open", with an audience';
  const routes = { added: ["wave"], removed: ["old"], changed: [] };
  const last = (hub: PlanResponse["hub"]) => planLines(planOf({ hub, untouched: 2 }), plain).slice(-2);

  expect(last({ routes, held })).toEqual([
    `the hub: routes between nodes +wave, -old (waits: ${held})`,
    "2 nodes untouched",
  ]);
  expect(last({ routes: { added: [], removed: [], changed: [] } })[0]).toBe(
    "the hub: groups, zones, scenes or modes",
  );
});

test("a plan that changes nothing says only that", () => {
  expect(planLines(planOf({ unchanged: true, untouched: 7 }), plain)).toEqual([
    "site demo, against revision 3: nothing changes",
  ]);
  expect(planLines(planOf({ base: 0 }), plain)[0]).toBe("site demo, the first revision:");
});

test("a plan of what some nodes did not come to says that it is the same, and who is tried again", () => {
  expect(planLines(planOf({ nodes: [nodeOf("demo", { restart: ["dmx"] })], untouched: 1 }), plain)).toEqual([
    "site demo, against revision 3: nothing changes, but not all nodes came to it",
    "",
    "node demo: restarts dmx",
    "1 other node untouched",
  ]);
});
