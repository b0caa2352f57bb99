import { expect, test } from "vitest";
import { nodesResponse } from "@interactor/shared/wire/api";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { birthOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import { nodeView } from "./node-views.ts";

const isoOf = (at: number) => new Date(at / 1000).toISOString();
const context = { lastSeen: undefined, queued: 0, revision: 3 };
const reportedOf = (given: Partial<Reported> = {}): Reported => ({
  v: 1,
  session: sessionNumber(1),
  revision: 3,
  digest: "",
  instances: {},
  owners: {},
  routes: {},
  refused: {},
  ...given,
});

const isValid = (view: unknown) =>
  nodesResponse.safeParse({ site: "demo", hub_version: "0.1.0", nodes: [view], hub_routes: {} }).success;

test("a node that has said nothing but its birth is shown as starting", () => {
  const view = nodeView(
    { node: "pi", state: "ready", birth: birthOf(), reported: undefined },
    context,
    isoOf,
  );

  expect(view).toMatchObject({
    node: "pi",
    state: "ready",
    converged: false,
    last_seen: isoOf(noon),
    instances: { sim: { state: "starting" } },
  });
  expect(isValid(view)).toBe(true);
});

test("a node is converged when it runs the hub's revision", () => {
  const presence = { node: "pi", state: "ready", birth: birthOf(), reported: reportedOf() } as const;

  expect(nodeView(presence, context, isoOf).converged).toBe(true);
  expect(nodeView(presence, { ...context, revision: 4 }, isoOf).converged).toBe(false);
});

test("owners are shown with their times", () => {
  const owners = {
    "lights/front": { kind: "manual", by: "anna", since: noon, until: noon + 1_000_000 },
  } as const;

  const view = nodeView(
    { node: "pi", state: "ready", birth: birthOf(), reported: reportedOf({ owners }) },
    context,
    isoOf,
  );

  expect(view.owners).toEqual({
    "lights/front": { kind: "manual", by: "anna", since: isoOf(noon), until: isoOf(noon + 1_000_000) },
  });
  expect(isValid(view)).toBe(true);
});

test("an instance with a name of JavaScript's own is an instance like any other", () => {
  const instances = { constructor: { module: "dmx", version: "0.1.0", inputs: {}, outputs: {} } };

  const view = nodeView(
    { node: "pi", state: "ready", birth: birthOf({ instances }), reported: reportedOf() },
    context,
    isoOf,
  );

  expect(view.instances["constructor"]).toMatchObject({ module: "dmx", state: "starting" });
  expect(isValid(view)).toBe(true);
});
