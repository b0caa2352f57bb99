import { expect, test } from "vitest";
import type { StopLatch, ZoneLatch } from "@interactor/shared/wire/messages/stop";
import type { NodeRecord } from "../live/node-record.ts";
import { birthWith, sessionNumber } from "../live/testing.ts";
import { lineText, stopLines, zonesOf } from "./stop-view.ts";

const latch = (id: string, by = "anna") => ({ id, by, at: 5_000_000 });

const stopOf = (...latches: readonly ReturnType<typeof latch>[]): StopLatch => ({
  v: 1,
  latched: latches.length > 0,
  by: "hub",
  at: 0,
  latches: [...latches],
});

function nodeNamed(
  name: string,
  { zones = [], held = [] }: { readonly zones?: string[]; readonly held?: ZoneLatch[] },
): readonly [string, NodeRecord] {
  const reported = {
    v: 1 as const,
    session: sessionNumber(1),
    revision: 0,
    digest: "",
    instances: {},
    owners: {},
    routes: {},
    refused: {},
    ...(held.length === 0 ? {} : { stop: { latches: held, tookMs: 1 } }),
  };
  const birth = { ...birthWith({}), zones };
  return [name, { name, birth, death: undefined, reported, isConfirmed: true, hasBegun: true }];
}

test("a line says where, by whom, since when, and how many have stopped", () => {
  const nodes = new Map([
    nodeNamed("a", { zones: ["foyer"], held: [{ ...latch("1"), zone: "foyer" }] }),
    nodeNamed("b", { zones: ["foyer"] }),
    nodeNamed("c", {}),
  ]);

  const lines = stopLines(new Map([["foyer", stopOf(latch("1"), latch("2", "bert"))]]), nodes);

  expect(lines).toMatchObject([{ stopped: 1, expected: 2, silent: ["b"], ids: ["1", "2"] }]);
  expect(lines.map((line) => lineText(line, 12_000, true))).toEqual([
    "foyer · by anna and 1 more · 7 s ago · 1 of 2 nodes stopped",
  ]);
});

test("without the hub a line tells what was known last", () => {
  const nodes = new Map([nodeNamed("a", { held: [{ ...latch("1"), zone: "all" }] })]);

  const lines = stopLines(new Map([["all", stopOf(latch("1"))]]), nodes);

  expect(lines.map((line) => lineText(line, 12_000, false))).toEqual([
    "all · by anna · 7 s ago · last known: 1 of 1 nodes stopped; hub lost now",
  ]);
});

test("a node that is lost is away, and nobody waits for its word", () => {
  const [, gone] = nodeNamed("gone", {});
  const death = {
    v: 1 as const,
    kind: "death" as const,
    session: sessionNumber(1),
    connection: 1,
    reason: "lost" as const,
  };
  const nodes = new Map([
    nodeNamed("a", { held: [{ ...latch("1"), zone: "all" }] }),
    nodeNamed("mute", {}),
    ["gone", { ...gone, death }],
  ]);

  const lines = stopLines(new Map([["all", stopOf(latch("1"))]]), nodes);

  expect(lines).toMatchObject([{ stopped: 1, expected: 2, silent: ["mute"], away: ["gone"] }]);
});

test("what is released is not shown, and a node that is held by its own latch is", () => {
  const own = { ...latch("own", "node: cannot be read"), zone: "all", local: true };
  const nodes = new Map([nodeNamed("a", { held: [own] }), nodeNamed("b", {})]);

  const lines = stopLines(new Map([["all", stopOf()]]), nodes);

  expect(lines).toMatchObject([{ where: "node a", zone: "all", ids: ["own"] }]);
});

test("a node that holds what the hub does not know is shown, and one that has yet to hear of a release is not", () => {
  const nodes = new Map([
    nodeNamed("drawer", { held: [{ ...latch("old"), zone: "all" }] }),
    nodeNamed("slow", { held: [{ ...latch("gone"), zone: "all" }] }),
  ]);

  const lines = stopLines(new Map([["all", { ...stopOf(), released: ["gone"] }]]), nodes);

  expect(lines).toMatchObject([{ where: "node drawer", zone: "all", ids: ["old"] }]);
});

test("zones are those of nodes and of stops, the one of all first", () => {
  const nodes = new Map([
    nodeNamed("a", { zones: ["house", "foyer"] }),
    nodeNamed("b", { zones: ["house"] }),
  ]);

  expect(zonesOf(nodes, new Map([["attic", stopOf()]]))).toEqual(["all", "attic", "foyer", "house"]);
});
