import type { Reported } from "@interactor/shared/wire/messages/reported";
import { expect, test } from "vitest";
import type { NodeRecord } from "../live/node-record.ts";
import { birthWith, sessionNumber } from "../live/testing.ts";
import { instanceLines, refusedLine, routeLines } from "./node-view.ts";

const reportedWith = (more: Partial<Reported>): Reported => ({
  v: 1,
  session: sessionNumber(1),
  revision: 1,
  digest: "",
  instances: {},
  owners: {},
  routes: {},
  refused: {},
  ...more,
});
const record = (reported: Partial<Reported>, hasBirth = true): NodeRecord => ({
  name: "stage",
  birth: hasBirth
    ? birthWith({ line: { module: "serial", version: "1.0.0", inputs: {}, outputs: {} } })
    : undefined,
  death: undefined,
  reported: reportedWith(reported),
  isConfirmed: true,
  hasBegun: false,
});

test("an instance is told with its module, its state and what it waits for", () => {
  const waiting = record({ instances: { line: { state: "waiting", reason: "/dev/ttyUSB0 is not there" } } });

  expect(instanceLines(waiting, "ready")).toEqual([
    { name: "line", module: "serial 1.0.0", state: "waiting: /dev/ttyUSB0 is not there", tone: "warn" },
  ]);
});

test("an instance that works in part is told as degraded, and with what does not work", () => {
  const line = { state: "running", reason: "USB: no USB device is plugged in" } as const;

  expect(instanceLines(record({ instances: { line } }), "degraded")).toEqual([
    {
      name: "line",
      module: "serial 1.0.0",
      state: "degraded: USB: no USB device is plugged in",
      tone: "warn",
    },
  ]);
});

test("of a node that is away no instance is said to run", () => {
  const running = record({ instances: { line: { state: "running" } } });

  expect(instanceLines(running, "lost").map(({ state }) => state)).toEqual(["not known"]);
});

test("instances are known by their reports alone when the birth is not", () => {
  const running = record({ instances: { line: { state: "running" } } }, false);

  expect(instanceLines(running, "ready")).toEqual([
    { name: "line", module: "", state: "running", tone: "good" },
  ]);
});

test("an instance that has not reported is not said to run", () => {
  expect(instanceLines(record({}), "ready").map(({ state }) => state)).toEqual(["not reported yet"]);
});

test("routes tell their failures in words", () => {
  const routes = {
    fine: { passed: 12, failed: 0 },
    broken: { passed: 0, failed: 3, error: "map: no such key" },
    late: { passed: 9, failed: 0, budget: { budgetMs: 20, p99Ms: 31, over: 2 } },
  };

  expect(routeLines(record({ routes }))).toEqual([
    { name: "broken", count: "0 passed", failure: "3 failed: map: no such key" },
    { name: "fine", count: "12 passed", failure: "" },
    { name: "late", count: "9 passed, 2 over budget", failure: "" },
  ]);
});

test("what a node refused is told by kind, and nothing when all was well", () => {
  expect(refusedLine(record({ refused: { "down wrong-shape": 3, "down stale": 0 } }))).toBe(
    "3 × down wrong-shape",
  );
  expect(refusedLine(record({}))).toBe("");
});
