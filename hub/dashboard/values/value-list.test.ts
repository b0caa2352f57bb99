import type { InputSpec, OutputSpec } from "@interactor/shared/wire/messages/port";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { expect, test } from "vitest";
import type { Nodes } from "../live/node-record.ts";
import { birthWith } from "../live/testing.ts";
import { valueList } from "./value-list.ts";

interface Declared {
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  readonly outputs?: Readonly<Record<string, OutputSpec>>;
}

function nodesWith({ inputs = {}, outputs = {} }: Declared): Nodes {
  const birth = birthWith({ probe: { module: "probe", version: "1.0.0", inputs, outputs } });
  return new Map([
    [
      "stage",
      { name: "stage", birth, death: undefined, reported: undefined, isConfirmed: true, hasBegun: false },
    ],
  ]);
}

const heard = (...ports: readonly string[]): SiteAddress[] =>
  ports.map((port) => ({ node: "stage", instance: "probe", port }));
const portsOf = (nodes: Nodes, addresses: readonly SiteAddress[], filter = "", max = 100): string[] =>
  valueList(nodes, addresses, filter, max).groups.flatMap(({ rows }) =>
    rows.map(({ address }) => address.port),
  );
const nobody: Nodes = new Map();

test("a declared output has a row before its first value, an input with its first", () => {
  const nodes = nodesWith({ outputs: { b: { type: "float" } }, inputs: { a: { type: "float" } } });

  expect(portsOf(nodes, [])).toEqual(["b"]);
  expect(portsOf(nodes, heard("a"))).toEqual(["b", "a"]);
});

test("what no birth declares is shown as it is heard", () => {
  expect(portsOf(nobody, heard("t10", "t2"))).toEqual(["t2", "t10"]);
});

test("the channels of a universe have no rows, also when their node is away", () => {
  const channels = Array.from({ length: 512 }, (_, index) => `ch${index + 1}`);
  const nodes = nodesWith({
    inputs: { ch: { type: "int", count: 512 } },
    outputs: { universe: { type: "bytes" } },
  });

  expect(portsOf(nodes, heard(...channels, "universe"))).toEqual(["universe"]);
  expect(portsOf(nobody, heard(...channels, "universe"))).toEqual(["universe"]);
});

test("the filter looks at addresses and labels", () => {
  const nodes = nodesWith({ outputs: { a: { type: "float", label: "Water Level" }, b: { type: "float" } } });

  expect(portsOf(nodes, [], "water")).toEqual(["a"]);
  expect(portsOf(nodes, [], "probe/b")).toEqual(["b"]);
});

test("what is too much is left out and counted", () => {
  const { groups, hidden } = valueList(nobody, heard("a", "b", "c"), "", 2);

  expect(groups.flatMap(({ rows }) => rows)).toHaveLength(2);
  expect(hidden).toBe(1);
});
