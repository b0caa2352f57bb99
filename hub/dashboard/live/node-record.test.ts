import { nodesMax } from "@interactor/shared/wire/limits";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Birth, Death } from "@interactor/shared/wire/messages/state";
import { expect, test } from "vitest";
import { type NodeEvent, nodeReasons, nodeState, type Nodes, stepNodes } from "./node-record.ts";
import { birthWith, sessionNumber } from "./testing.ts";

const session = sessionNumber;
const birth = (connection = 1, of = session(1)): Birth => ({ ...birthWith({}), connection, session: of });
const death = (connection = 1, of = session(1), reason: Death["reason"] = "lost"): Death => ({
  v: 1,
  kind: "death",
  session: of,
  connection,
  reason,
});

const said = (...messages: readonly (Birth | Death)[]): NodeEvent[] =>
  messages.map((message) => ({ kind: "state", node: "stage", message }));
const reports = (
  instances: Record<string, InstanceReport>,
  of = session(1),
  problems: readonly string[] = [],
): NodeEvent => ({
  kind: "reported",
  node: "stage",
  reported: {
    v: 1,
    session: of,
    revision: 1,
    digest: "",
    instances,
    owners: {},
    routes: {},
    refused: {},
    problems: [...problems],
  },
});
const running = reports({ sim: { state: "running" } });
const after = (events: readonly NodeEvent[], nodes: Nodes = new Map()): Nodes =>
  events.reduce(stepNodes, nodes);

function stateAfter(events: readonly NodeEvent[], isHubConnected = true): string {
  const record = after(events).get("stage");
  return record === undefined ? "no such node" : nodeState(record, isHubConnected);
}

test("a node is there by its birth and ready by its report; its death says how it went", () => {
  expect(stateAfter(said(birth()))).toBe("init");
  expect(stateAfter([...said(birth()), running])).toBe("ready");
  expect(stateAfter(said(birth(), death()))).toBe("lost");
  expect(stateAfter(said(birth(), death(1, session(1), "stopped")))).toBe("disconnected");
  expect(stateAfter(said(birth(), { ...death(1, session(1), "stopped"), sleep: {} }))).toBe("sleeping");
});

test("a node that works in part is degraded, and says why", () => {
  const events = [
    ...said(birth()),
    reports({ dmx: { state: "failed", reason: "no line" } }, session(1), ["disk full"]),
  ];
  const record = after(events).get("stage");

  expect(stateAfter(events)).toBe("degraded");
  expect(record && nodeReasons(record, true)).toEqual(["dmx is failed: no line", "disk full"]);
  expect(record && nodeReasons(record, false)).toEqual([]);
});

test("the report of an earlier life says nothing of this one", () => {
  expect(stateAfter([...said(birth()), running, ...said(birth(1, session(2)))])).toBe("init");
  expect(stateAfter([...said(birth()), running, ...said(birth(2))])).toBe("ready");
});

test("the late death of an earlier connection or session changes nothing", () => {
  expect(stateAfter(said(birth(1), birth(2), death(1)))).toBe("init");
  expect(stateAfter(said(birth(1, session(1)), birth(1, session(2)), death(1, session(1))))).toBe("init");
});

test("a birth after a death is there again", () => {
  expect(stateAfter(said(birth(1), death(1), birth(2)))).toBe("init");
});

test("a page that comes after the death believes it", () => {
  expect(stateAfter(said(death()))).toBe("lost");
});

test("without the hub nobody knows how a node is", () => {
  expect(stateAfter(said(birth()), false)).toBe("unknown");
});

test("over a new connection a node is unknown until it is heard of again", () => {
  const missed: NodeEvent = { kind: "connected" };

  expect(stateAfter([...said(birth()), missed])).toBe("unknown");
  expect(stateAfter([...said(birth()), missed, ...said(birth())])).toBe("init");
  expect(stateAfter([...said(birth(1)), missed, ...said(death(2))])).toBe("lost");
});

test("a node that is forgotten is gone", () => {
  expect(stateAfter([...said(birth()), { kind: "forgotten", node: "stage" }])).toBe("no such node");
});

test("more nodes than a hub knows are not kept", () => {
  const many = Array.from({ length: nodesMax + 1 }, (_, index): NodeEvent => ({
    kind: "state",
    node: `n${index}`,
    message: birth(),
  }));

  expect(after(many).size).toBe(nodesMax);
});
