import { expect, test } from "vitest";
import type { NodeView } from "@interactor/shared/wire/api";
import { linesOf, type NodesView } from "./nodes.ts";
import { painterFor } from "./output.ts";

function nodeNamed(node: string, changes: Partial<NodeView> = {}): NodeView {
  return {
    node,
    state: "ready",
    reasons: [],
    since: "2026-11-21T04:00:00.000Z",
    unit: "pi-4",
    agent_version: "0.1.0",
    last_seen: "2026-11-21T05:00:00.000Z",
    revision: 3,
    converged: true,
    queued: 0,
    instances: {
      sim: { module: "simulated", version: "0.1.0", state: "running", inputs: {}, outputs: {} },
      line: {
        module: "serial",
        version: "0.1.0",
        state: "waiting",
        reason: "unplugged",
        inputs: {},
        outputs: {},
      },
    },
    owners: {},
    routes: { a: { passed: 1, failed: 1, error: "no" } },
    ...changes,
  };
}

function show(format: NodesView["format"], ...nodes: readonly NodeView[]): readonly string[] {
  const answer = { site: "demo", hub_version: "0.1.0", nodes: [...nodes], hub_routes: {} };
  return linesOf(answer, {
    format,
    painter: painterFor({}, false, {}),
    now: new Date("2026-11-21T05:00:05.000Z"),
  });
}

test("nodes stand in a table, in order of their names", () => {
  expect(show("table", nodeNamed("b"), nodeNamed("a", { state: "lost" }))).toEqual([
    "NODE  STATE  LAST SEEN  UNIT  VERSION  INSTANCES",
    "a     lost   5 s ago    pi-4  0.1.0    line, sim",
    "b     ready  5 s ago    pi-4  0.1.0    line waiting, sim running",
  ]);
});

test("the wide table says why something does not run, and how its routes and revision are", () => {
  const [, line] = show("wide", nodeNamed("a", { converged: false }));

  expect(line).toContain("3 (behind)");
  expect(line).toContain("1 (1 failing)");
  expect(line).toContain("line (serial) waiting: unplugged");
});

test("an instance that works in part is degraded, and the wide table says what does not work", () => {
  const stage = { module: "dmx", version: "1", state: "running" as const, inputs: {}, outputs: {} };
  const node = nodeNamed("a", { instances: { stage: { ...stage, reason: "USB: it is away" } } });

  expect(show("table", node)[1]).toMatch(/stage degraded$/);
  expect(show("wide", node)[1]).toContain("stage (dmx) degraded: USB: it is away");
});

test("a program gets the hub's answer on one line", () => {
  const [line = "", ...more] = show("json", nodeNamed("a"));

  expect(JSON.parse(line)).toMatchObject({ site: "demo", nodes: [{ node: "a", state: "ready" }] });
  expect(more).toEqual([]);
});

test("a site without nodes says what to do", () => {
  expect(show("table")).toEqual(["site demo has no nodes yet: start an agent"]);
});

test("the wide table says since when and why a node is as it is, and how its clock is", () => {
  const clock = { synchronised: true, offset_ms: 86_400_000, error_ms: 0.42, steps: 0 };
  const degraded = nodeNamed("a", { state: "degraded", reasons: ["its disk is full", "b\nc"], clock });
  const asleep = nodeNamed("b", {
    state: "sleeping",
    reasons: ["closed until morning"],
    sleeping_until: "2026-11-21T06:00:05.000Z",
    clock: { synchronised: false, offset_ms: null, error_ms: null, steps: 0 },
  });
  const [headings, first, second] = show("wide", degraded, asleep);

  expect(headings).toMatch(/CLOCK +SINCE +LACKS +INSTANCES +WHY$/);
  expect(first).toMatch(/own .*behind, ±0\.4 ms +1 h ago/);
  expect(first).toMatch(/its disk is full; b\u{fffd}c$/u);
  expect(second).toMatch(/not known .*closed until morning; back in /);
});
