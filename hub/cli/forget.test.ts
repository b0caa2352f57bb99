import { expect, test } from "vitest";
import { nodeViewOf } from "@interactor/shared/testing/builders";
import type { NodeView } from "@interactor/shared/wire/api";
import { forgettable, lineOf } from "./forget.ts";

const nodeThat = (node: string, state: NodeView["state"]) => nodeViewOf(node, { state });
const nodes = [nodeThat("a", "ready"), nodeThat("b", "lost"), nodeThat("c", "sleeping")];

test("a node that is gone may be forgotten, one that sleeps too", () => {
  expect(forgettable(nodes, "b").state).toBe("lost");
  expect(forgettable(nodes, "c").state).toBe("sleeping");
  expect(lineOf(forgettable(nodes, "b"), new Date("2026-11-21T06:00:00.000Z"))).toMatch(
    /^node b is forgotten \(was lost, last seen 1\s?h.* ago\)$/,
  );
});

test("one that is here may not, and why is said", () => {
  expect(() => forgettable(nodes, "a")).toThrow("node a is ready: it would be known again at once");
});

test("for one that there is not, those are named that there are", () => {
  expect(() => forgettable(nodes, "d")).toThrow('the hub knows no node "d"; gone are b, c');
  expect(() => forgettable([], "d")).toThrow("all that the hub knows are here");
});
