import { expect, test } from "vitest";
import { nodeViewOf } from "@interactor/shared/testing/builders";
import type { NodeView } from "@interactor/shared/wire/api";
import { expectedNodes } from "./stop.ts";
import { type Asked, hasObeyed } from "./stop-answers.ts";
import { linesOf } from "./stop-report.ts";

const stop: Asked = { kind: "stop", zone: "foyer", id: "mine", released: [] };
const release: Asked = { kind: "release", zone: "foyer", id: "x", released: ["mine"] };
const latch = (id: string) => ({ zone: "foyer", id, by: "anna", at: 1 });

const nodeNamed = (node: string, changes: Partial<NodeView> = {}) =>
  nodeViewOf(node, { zones: ["foyer"], ...changes });

const heldBy = (...ids: readonly string[]): NodeView["stop"] => ({
  latches: ids.map((id) => ({ zone: "foyer", id, by: "anna", since: "", local: false })),
  took_ms: 1,
  answered_ms: null,
});

test("of a stop every node of the zone is asked; nobody waits for the lost, and who said goodbye is not asked", () => {
  const nodes = [
    nodeNamed("a"),
    nodeNamed("b", { state: "lost" }),
    nodeNamed("c", { state: "disconnected" }),
    nodeNamed("d", { zones: [] }),
  ];

  expect(expectedNodes(nodes, stop)).toEqual({ here: ["a"], away: ["b"] });
  expect(expectedNodes(nodes, { ...stop, zone: "all" })).toEqual({ here: ["a", "d"], away: ["b"] });
});

test("of a release only those that it holds are asked", () => {
  const held = nodeNamed("a", { stop: heldBy("mine") });
  const elsewhere = nodeNamed("b", { stop: heldBy("other") });

  expect(expectedNodes([held, elsewhere, nodeNamed("c")], release)).toEqual({
    here: ["a"],
    away: [],
  });
});

test("a node has stopped when it reports this latch, and is released when it reports none of those", () => {
  const reports = (...ids: readonly string[]) => ({ stop: { latches: ids.map(latch), tookMs: 1 } });

  expect([hasObeyed(reports("other"), stop), hasObeyed(reports("other", "mine"), stop)]).toEqual([
    false,
    true,
  ]);
  expect([hasObeyed(reports("mine"), release), hasObeyed(reports("other"), release)]).toEqual([false, true]);
  expect(hasObeyed({}, release)).toBe(true);
});

test("the lines say how many of how many, the slowest, and who is silent", () => {
  const lines = linesOf(stop, [
    { node: "a", answeredMs: 4.21, tookMs: 0.3, wasAway: false },
    { node: "b", answeredMs: 12.5, tookMs: undefined, wasAway: false },
    { node: "c", answeredMs: undefined, tookMs: undefined, wasAway: false },
    { node: "d", answeredMs: undefined, tookMs: undefined, wasAway: true },
  ]);

  expect(lines).toEqual([
    "SHOW STOP in foyer: 2 of 3 nodes stopped, the slowest, b, after 12.5 ms",
    "  a  stopped, its word after 4.2 ms (0.3 ms of it on the node)",
    "  b  stopped, its word after 12.5 ms",
    "  c  NO ANSWER",
    "  d  was away before; it stops when it is back",
  ]);
});

test("without a node they say that whoever comes is stopped", () => {
  expect(linesOf(stop, [])).toEqual([
    "SHOW STOP in foyer: no node is there; whoever comes is stopped, until `interactor stop release`",
  ]);
});
