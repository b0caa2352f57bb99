import { expect, test } from "vitest";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { birthOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import type { NodePresence } from "../presence/presence.ts";
import { whoRuns } from "./who-runs.ts";

const runs = (module: string, version: string) => ({ module, version, inputs: {}, outputs: {} });
const reported: Reported = {
  v: 1,
  session: sessionNumber(1),
  revision: 3,
  digest: "a1",
  instances: { light: { state: "waiting" } },
  owners: {},
  routes: {},
  refused: {},
};

const presenceOf = (node: string, given: Partial<NodePresence> = {}): NodePresence => ({
  node,
  state: "ready",
  reasons: [],
  since: noon,
  birth: birthOf({ instances: { light: runs("lamp", "1.0.0"), door: runs("serial", "0.1.0") } }),
  death: undefined,
  reported,
  hasBegun: true,
  problems: [],
  ...given,
});

test("what nodes run and what they shall run is told of each instance, in order", () => {
  const wanted = new Map([
    ["pi", [{ instance: "light", module: "lamp", version: "1.1.0" }]],
    ["away", [{ instance: "light", module: "lamp", version: "1.1.0" }]],
  ]);
  const presences = new Map([
    ["pi", presenceOf("pi")],
    ["lost", presenceOf("lost", { state: "lost", reported: undefined })],
  ]);

  expect(whoRuns(wanted, presences, new Set(["lamp"]))).toEqual([
    { module: "lamp", node: "away", instance: "light", wanted: "1.1.0", there: false },
    { module: "lamp", node: "lost", instance: "light", version: "1.0.0", there: false },
    {
      module: "lamp",
      node: "pi",
      instance: "light",
      version: "1.0.0",
      state: "waiting",
      wanted: "1.1.0",
      there: true,
    },
  ]);
});

test("an instance that shall run another module is told of both", () => {
  const wanted = new Map([["pi", [{ instance: "light", module: "dmx", version: "0.1.0" }]]]);

  const found = whoRuns(wanted, new Map([["pi", presenceOf("pi")]]));

  expect(
    found.map(({ instance, module, version, wanted: shall }) => [instance, module, version, shall]),
  ).toEqual([
    ["door", "serial", "0.1.0", undefined],
    ["light", "lamp", "1.0.0", undefined],
    ["light", "dmx", undefined, "0.1.0"],
  ]);
});
