import { expect, test } from "vitest";
import { changesFor } from "./standing.ts";

const emptyDigest = "none";
const site = (nodes: Readonly<Record<string, string>>) => ({
  nodes: new Map(Object.entries(nodes).map(([node, digest]) => [node, { digest }])),
});
const stands = (nodes: Readonly<Record<string, string>>) =>
  new Map(Object.entries(nodes).map(([node, digest]) => [node, { revision: 1, digest }]));
const isDone = () => true;

test("who has what a site says has nothing to do; the others come to it", () => {
  const { changed, same } = changesFor(site({ a: "1", b: "2", c: "3" }), stands({ a: "1", b: "1" }), {
    emptyDigest,
    isDone,
  });

  expect([...changed]).toEqual([
    ["b", "2"],
    ["c", "3"],
  ]);
  expect([...same]).toEqual([["a", "1"]]);
});

test("a node that is no part of it any more is told to run nothing, once", () => {
  const once = changesFor(site({}), stands({ a: "1" }), { emptyDigest, isDone });
  expect([...once.changed]).toEqual([["a", emptyDigest]]);

  const again = changesFor(site({}), stands({ a: emptyDigest }), { emptyDigest, isDone });
  expect(again.changed.size).toBe(0);
});

test("who did not come to what it was told is tried again, with the same", () => {
  const { changed } = changesFor(site({ a: "1", b: "1" }), stands({ a: "1", b: "1" }), {
    emptyDigest,
    isDone: (node) => node === "b",
  });

  expect([...changed.keys()]).toEqual(["a"]);
});
