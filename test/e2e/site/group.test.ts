// A group of nodes over the API: all of it changes over at one tick of the site's clock, or none.

import { afterEach, expect, test } from "vitest";
import { Light } from "../light.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "../programs.ts";
import { lampSite, quickly, SiteClient } from "./site-client.ts";

let undo = new AsyncDisposableStack();
afterEach(async () => {
  await undo.disposeAsync();
  undo = new AsyncDisposableStack();
});

const together = { rollout: { ...quickly, group: "all" } };
/** Clocks are known, all have prepared, the tick is three seconds ahead, and machines are slow. */
const within = 40_000;

interface Stage {
  readonly hub: HubProgram;
  readonly site: SiteClient;
  readonly lights: readonly Light[];
  readonly agents: readonly AgentProgram[];
  textOf(level: number): string;
}

async function openStage(): Promise<Stage> {
  const hub = undo.use(await startHub());
  const lights = [undo.use(await Light.open()), undo.use(await Light.open())];
  const agents = await Promise.all(
    ["a", "b"].map(async (node) => undo.use(await startAgent({ node, hub: hub.mqtt, instances: {} }))),
  );
  await eventually(
    "both know the site's clock",
    async () => {
      const nodes = await hub.nodes();
      return nodes.length === 2 && nodes.every(({ clock }) => clock?.synchronised === true);
    },
    within,
  );
  const ports = Object.fromEntries(["a", "b"].map((node, index) => [node, lights[index]?.port ?? 0]));
  return {
    hub,
    site: new SiteClient(hub.http),
    lights,
    agents,
    textOf: (level) => lampSite({ ports, level }),
  };
}

const show = (lights: readonly Light[], level: number) =>
  eventually(`both are at ${level}`, () => lights.every((light) => light.level(1) === level), within);

/** When a light first showed this. */
const firstAt = (light: Light, level: number): number =>
  light.frames.find(({ levels }) => levels[0] === level)?.at ?? Infinity;
const lastAt = (light: Light, level: number): number =>
  light.frames.findLast(({ levels }) => levels[0] === level)?.at ?? -Infinity;

test("both change over at one tick, and no light of the old revision comes after one of the new", async () => {
  const { site, lights, textOf } = await openStage();
  await site.until(await site.apply(textOf(10)), "complete", within);
  await show(lights, 10);

  await site.until(await site.apply(textOf(20), together), "complete", within);

  await show(lights, 20);
  const [a, b] = lights;
  expect.assert(a !== undefined && b !== undefined);
  // A frame that is repeated may lie in a socket a moment.
  const slack = 250;
  expect(lastAt(a, 10)).toBeLessThan(firstAt(b, 20) + slack);
  expect(lastAt(b, 10)).toBeLessThan(firstAt(a, 20) + slack);
}, 120_000);

test("with one that cannot take it neither does, and the next revision applies", async () => {
  const { site, lights, textOf } = await openStage();
  await site.until(await site.apply(textOf(10)), "complete", within);
  await show(lights, 10);
  const [first = "", second = ""] = textOf(20).split("  b:\n");
  const bad = `${first}  b:\n${second.replace('level: "20"', 'level: "missing"')}`;

  const paused = await site.until(await site.apply(bad, together), "paused", within);

  expect(paused).toMatchObject({ why: "1 of 2 failed: b (VETO)", group: "all" });
  expect(lights.map((light) => light.level(1))).toEqual([10, 10]);
  await site.until(await site.apply(textOf(30), together), "complete", within);
  await show(lights, 30);
}, 120_000);

test("with one that is cut off before it promised neither does, and both do when it is back", async () => {
  const { hub, site, lights, agents, textOf } = await openStage();
  await site.until(await site.apply(textOf(10)), "complete", within);
  await show(lights, 10);
  const [, b] = agents;
  expect.assert(b !== undefined);

  await b.signal("SIGSTOP");
  const second = await site.apply(textOf(20), together);
  await eventually("b is missed", async () => (await hub.node("b"))?.state === "lost", within);
  expect(lights[0]?.level(1)).toBe(10);
  await b.signal("SIGCONT");

  await site.until(second, "complete", within);
  await show(lights, 20);
}, 120_000);
