import { expect, test } from "vitest";
import { nodesResponse } from "@interactor/shared/wire/api";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { birthOf, deathOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import type { NodePresence } from "../presence/presence.ts";
import { nodeView } from "./node-views.ts";

const isoOf = (at: number) => new Date(at / 1000).toISOString();
const context = { lastSeen: undefined, queued: 0, wanted: "a1" };
const reportedOf = (given: Partial<Reported> = {}): Reported => ({
  v: 1,
  session: sessionNumber(1),
  revision: 3,
  digest: "a1",
  instances: {},
  owners: {},
  routes: {},
  refused: {},
  ...given,
});

const presenceOf = (given: Partial<NodePresence> = {}): NodePresence => ({
  node: "pi",
  state: "ready",
  reasons: [],
  since: noon,
  birth: birthOf(),
  death: undefined,
  reported: reportedOf(),
  hasBegun: true,
  problems: [],
  ...given,
});

const isValid = (view: unknown) =>
  nodesResponse.safeParse({ site: "demo", hub_version: "0.1.0", nodes: [view], hub_routes: {} }).success;

test("a node that has said nothing but its birth is shown as starting", () => {
  const view = nodeView(
    presenceOf({ state: "init", reasons: ["it has not reported yet"], reported: undefined }),
    context,
    isoOf,
  );

  expect(view).toMatchObject({
    node: "pi",
    state: "init",
    reasons: ["it has not reported yet"],
    since: isoOf(noon),
    converged: false,
    last_seen: isoOf(noon),
    instances: { sim: { state: "starting" } },
  });
  expect(isValid(view)).toBe(true);
});

test("a node is converged when it runs what the hub wants, or the hub wants nothing of it", () => {
  const presence = presenceOf();

  expect(nodeView(presence, context, isoOf).converged).toBe(true);
  expect(nodeView(presence, { ...context, wanted: "b2" }, isoOf).converged).toBe(false);
  expect(nodeView(presence, { ...context, wanted: undefined }, isoOf).converged).toBe(true);
  expect(nodeView(presenceOf({ reported: undefined }), context, isoOf).converged).toBe(false);
});

test("owners are shown with their times", () => {
  const owners = {
    "lights/front": { kind: "manual", by: "anna", since: noon, until: noon + 1_000_000 },
  } as const;

  const view = nodeView(presenceOf({ reported: reportedOf({ owners }) }), context, isoOf);

  expect(view.owners).toEqual({
    "lights/front": { kind: "manual", by: "anna", since: isoOf(noon), until: isoOf(noon + 1_000_000) },
  });
  expect(isValid(view)).toBe(true);
});

test("an instance with a name of JavaScript's own is an instance like any other", () => {
  const instances = { constructor: { module: "dmx", version: "0.1.0", inputs: {}, outputs: {} } };

  const view = nodeView(presenceOf({ birth: birthOf({ instances }) }), context, isoOf);

  expect(view.instances["constructor"]).toMatchObject({ module: "dmx", state: "starting" });
  expect(isValid(view)).toBe(true);
});

test("a node says when it means to be back, and how its clock is", () => {
  const clock = { synchronised: true, offsetMs: 3, errorMs: 0.5, steps: 0 };
  const death = deathOf({ reason: "stopped", sleep: { until: noon + 5_000_000 } });
  const view = nodeView(
    presenceOf({ state: "sleeping", death, reported: reportedOf({ clock }) }),
    context,
    isoOf,
  );

  expect(view).toMatchObject({
    sleeping_until: isoOf(noon + 5_000_000),
    clock: { synchronised: true, offset_ms: 3, error_ms: 0.5, steps: 0 },
  });
  expect(isValid(view)).toBe(true);
});
