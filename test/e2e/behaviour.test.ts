// Routes with operators and a statechart on a real node: what they make of real values, also while the hub is away.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { apiPaths, routesResponse } from "@interactor/shared/wire/api";
import { cliBundle } from "./demo-process.ts";
import { eventually, startAgent, startHub } from "./programs.ts";
import { untilRunning } from "./room.ts";
import { Visitor } from "./visitor.ts";

/** A beat ten times a second, and a room that counts it. */
const instances = {
  beat: {
    module: "statechart",
    settings: {
      inputs: {},
      outputs: { beat: { type: "int", deliver: "every" } },
      variables: { count: 0 },
      initial: "a",
      states: {
        a: {
          entry: [{ assign: { count: "variables.count + 1" } }, { emit: { beat: "variables.count" } }],
          after: { "100ms": "a" },
        },
      },
    },
  },
  room: {
    module: "statechart",
    settings: {
      inputs: { pace: { type: "float" }, late: { type: "int" } },
      outputs: { seen: { type: "int" }, light: { type: "float" } },
      initial: "idle",
      states: {
        idle: { on: { pace: { when: "value > 2.9", to: "busy" } } },
        busy: {
          entry: [{ emit: { light: "curve(0.5, 2)" } }],
          on: { late: { do: [{ emit: { seen: "value" } }] } },
        },
      },
    },
  },
};

const routes = `routes:
  - name: pace
    from: pi/+/beat
    to: pi/room/pace
    through: [{ window: { over: 1s, give: rate } }, { deadband: 1 }]
  - name: late
    from: pi/beat/beat
    to: pi/room/late
    budget: 50ms
    through: [{ delay: 300ms }, { throttle: 200ms }]
  - name: wrong
    from: pi/beat/beat
    to: pi/room/late
    map: value.none
`;

test("operators and a statechart work on their node, are told of, and go on without the hub", async () => {
  await using hub = await startHub({ routes });
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await untilRunning(hub, "pi");
  await using watcher = await Visitor.connect(hub.mqtt);

  await eventually("the room is busy", () => watcher.values("pi/room/state").at(-1) === "busy");
  await eventually("delayed beats", () => watcher.values("pi/room/seen").length > 3);

  expect(watcher.values("pi/room/light").at(-1)).toBe(0.25);
  const told = await eventually("the routes' report", async () => {
    const { routes } = routesResponse.parse(JSON.parse((await hub.get(apiPaths.routes)).text));
    return routes.every(({ runs }) => (runs?.passed ?? 0) + (runs?.failed ?? 0) > 3) && routes;
  });
  const places = told.map(({ name, place }) => `${name} ${place}`);
  expect(places.toSorted()).toEqual(["late pi", "pace pi", "wrong pi"]);
  expect(told.find(({ name }) => name === "wrong")?.runs).toMatchObject({
    passed: 0,
    error: "map: No such key: none",
  });
  expect(told.find(({ name }) => name === "pace")?.runs).toMatchObject({ failed: 0 });

  const { stdout } = await promisify(execFile)(process.execPath, [
    cliBundle,
    "route",
    "where",
    "--hub",
    hub.http,
  ]);
  expect(stdout).toMatch(/pace +pi +both ends are on pi/);

  const { data: _, ...ports } = hub.place;
  await hub[Symbol.asyncDispose]();
  const before = agent.log().length;
  await using again = await startHub({ ...ports, routes });
  await untilRunning(again, "pi");
  await using later = await Visitor.connect(again.mqtt);
  // It did not begin anew: a machine of which the hub is gone is still where it was.
  await eventually("the state again", () => later.values("pi/room/state").at(-1) === "busy");
  expect(agent.log().slice(before)).not.toContain("instance room is starting");
});
