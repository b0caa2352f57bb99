import type { InputSpec } from "@interactor/shared/wire/messages/port";
import { expect, test } from "vitest";
import type { Nodes } from "../live/node-record.ts";
import { birthWith } from "../live/testing.ts";
import { controlList } from "./control-list.ts";

function nodesWith(inputs: Readonly<Record<string, InputSpec>>): Nodes {
  const birth = birthWith({ dmx: { module: "dmx", version: "1.0.0", inputs, outputs: {} } });
  return new Map([
    [
      "stage",
      { name: "stage", birth, death: undefined, reported: undefined, isConfirmed: true, hasBegun: false },
    ],
  ]);
}

const portsOf = (nodes: Nodes, filter = "", max = 100): string[] =>
  controlList(nodes, filter, max).groups.flatMap(({ controls }) =>
    controls.map(({ address }) => address.port),
  );

test("each input gets a control, the channels of a universe do not", () => {
  const nodes = nodesWith({ dimmer: { type: "float" }, ch: { type: "int", count: 512 } });

  expect(portsOf(nodes)).toEqual(["dimmer"]);
});

test("a port that stands for a few is shown as these", () => {
  expect(portsOf(nodesWith({ relay: { type: "bool", count: 3 } }))).toEqual(["relay1", "relay2", "relay3"]);
});

test("the filter looks at addresses and labels", () => {
  const nodes = nodesWith({ a: { type: "float", label: "House Light" }, b: { type: "float" } });

  expect(portsOf(nodes, "house")).toEqual(["a"]);
  expect(portsOf(nodes, "stage/dmx/b")).toEqual(["b"]);
});

test("what is too much is left out and counted", () => {
  const nodes = nodesWith({ a: { type: "float" }, b: { type: "float" }, c: { type: "float" } });

  expect(portsOf(nodes, "", 2)).toEqual(["a", "b"]);
  expect(controlList(nodes, "", 2).hidden).toBe(1);
});
