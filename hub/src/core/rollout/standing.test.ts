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

test("who has to change runs what it came to last, and nothing when it was told nothing", () => {
  const before = { revision: 3, digest: "1" };
  const standing = new Map([
    ["well", { revision: 5, digest: "2", before }],
    ["went-back", { revision: 5, digest: "2", before }],
    ["waits", { revision: 4, digest: "2", before }],
  ]);

  const { runs } = changesFor(site({ well: "9", "went-back": "2", waits: "9", fresh: "9" }), standing, {
    emptyDigest,
    isDone: (node) => node === "well" || node === "fresh",
    wentBack: (node) => node === "went-back",
  });

  expect([...runs]).toEqual([
    ["well", 5],
    ["went-back", 3],
    ["waits", 4],
    ["fresh", 0],
  ]);
});
