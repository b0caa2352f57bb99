// Scenes, modes as values, backgrounds and failsafes of a site file, from the hub to light.

import { afterEach, expect, test } from "vitest";
import { Light } from "../light.ts";
import { eventually, startAgent, startHub } from "../programs.ts";
import { SiteClient } from "./site-client.ts";

let undo = new AsyncDisposableStack();
afterEach(async () => {
  await undo.disposeAsync();
  undo = new AsyncDisposableStack();
});

/** The hall's light follows a lamp of the attic; the mode recalls a scene; channel 3 has a background alone. */
const siteText = (port: number): string => `site: demo
modes:
  day: { audience: false, updates: true }
  night: { audience: false, updates: true }
mode: day
zones: { hall: }
nodes:
  attic:
    instances:
      lamp:
        module: statechart
        settings:
          inputs: {}
          outputs: { level: { type: int } }
          initial: a
          states: { a: { entry: [{ emit: { level: "50" } }], after: { "100ms": a } } }
  hall:
    zone: hall
    instances:
      stage:
        module: dmx
        settings: { universe: 1, sacn: { to: [127.0.0.1], port: ${port} } }
        failsafe: { "*": hold, ch1: hold 500ms -> fade 500ms -> 7 }
        background: { ch3: 30 }
routes:
  - { name: far, from: attic/lamp/level, to: hall/stage/ch1 }
  - name: by-mode
    from: hub/mode/hall
    map: value == "night"
    to: { scene: night }
scenes:
  night: { hall/stage/ch1: 3, hall/stage/ch2: 20 }
`;

async function openHall() {
  const light = undo.use(await Light.open());
  const hub = undo.use(await startHub());
  const [attic, hall] = await Promise.all(
    ["attic", "hall"].map((node) => startAgent({ node, hub: hub.mqtt, instances: {} })),
  );
  if (attic === undefined || hall === undefined) throw new Error("no agents");
  undo.use(attic);
  undo.use(hall);
  for (const node of ["attic", "hall"])
    await eventually(`${node} is there`, async () => (await hub.node(node))?.state === "ready");
  const site = new SiteClient(hub.http);
  await site.until(await site.apply(siteText(light.port)), "complete");
  const shows = (...levels: readonly number[]) =>
    eventually(
      `the first channels are at ${levels.join(", ")}`,
      () => levels.every((level, index) => light.level(index + 1) === level),
      20_000,
    );
  return { attic, hub, site, shows };
}

test("a mode recalls a scene, which routes and background have back afterwards", async () => {
  const { hub, site, shows } = await openHall();
  await shows(50, 0, 30);

  await site.setMode("hall", "night");
  await shows(3, 20, 30);
  const owners = await eventually("the scene owns it", async () => {
    const node = await hub.node("hall");
    return node?.owners["stage/ch1"]?.kind === "cue" && node.owners;
  });
  expect(owners["stage/ch1"]).toMatchObject({ by: "scene night" });
  expect(owners["stage/ch3"]).toMatchObject({ kind: "background" });

  await site.setMode("hall", "day");
  await shows(50, 0, 30);
});

test("an input whose source is lost holds its look and fades, and follows again when it is back", async () => {
  const { attic, hub, shows } = await openHall();
  await shows(50, 0, 30);

  await attic.signal("SIGKILL");
  await shows(7, 0, 30);
  const why = async () => (await hub.node("hall"))?.owners["stage/ch1"]?.by;
  await eventually("it says why", async () => (await why()) === "far, whose source is lost");

  undo.use(await startAgent({ node: "attic", hub: hub.mqtt, data: attic.data }));
  await shows(50, 0, 30);
});
