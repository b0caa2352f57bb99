// A revision for a hundred nodes, the agents' own code in one process: waves, a threshold, and three nodes that fail.

import { afterAll, beforeAll, expect, test } from "vitest";
import { configPaths, type RolloutOptions, type RolloutView } from "@interactor/shared/wire/api-config";
import { Fleet } from "../../bench/fleet/fleet.ts";
import { fleetSite } from "../../bench/fleet/fleet-site.ts";
import { eventually } from "../programs.ts";
import { SiteClient } from "./site-client.ts";

const nodes = 100;
/** The first wave and the second go well; the third has two of them, the last one. */
const failing = [20, 40, 70];
const bad = 13;
const within = 30_000;
const inWaves: RolloutOptions = {
  waves: [{ count: 1 }, { share: 0.1 }, { share: 0.5 }, { share: 1 }],
  threshold: { share: 0.02 },
  probation_ms: 200,
  settle_ms: 200,
};
const atOnce: RolloutOptions = { waves: [{ share: 1 }], probation_ms: 200, settle_ms: 0 };

let fleet: Fleet;
let site: SiteClient;

beforeAll(async () => {
  fleet = await Fleet.open({ nodes, perSecond: 1, failing });
  await fleet.untilReady(within);
  site = new SiteClient(fleet.hub.http);
}, 60_000);

afterAll(async () => fleet[Symbol.asyncDispose]());

const counted = ({ nodes: all }: RolloutView): Partial<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(all, ({ state }) => state)].map(([state, those]) => [state, those.length]),
  );
const act = (revision: number, action: string, more: object = {}) =>
  site.post(`${configPaths.rollouts}/${revision}/${action}`, { by: "anna", reason: "I looked", ...more });

/** How many nodes run each revision. */
async function running(): Promise<ReadonlyMap<number, number>> {
  const all = await fleet.hub.nodes();
  return new Map(
    [...Map.groupBy(all, ({ revision }) => revision)].map(([each, those]) => [each, those.length]),
  );
}

test("it stops in the third wave, goes on when somebody has looked, and comes to its end", async () => {
  const first = await site.apply(fleetSite(nodes, 1), { rollout: atOnce });
  await site.until(first, "complete", within);
  expect(await running()).toEqual(new Map([[first, nodes]]));

  const second = await site.apply(fleetSite(nodes, bad), { rollout: inWaves });
  const paused = await site.until(second, "paused", within);

  expect(paused).toMatchObject({ wave: 2, waves: 4 });
  expect(paused.why).toMatch(/^2 of 50 failed: n0[24]0 \(UNHEALTHY\), n0[24]0 \(UNHEALTHY\)$/);
  // The last wave was not begun, and who failed is back on what it had.
  expect(counted(paused)).toMatchObject({ failed: 2, waiting: 50 });
  const failed = paused.nodes.filter(({ state }) => state === "failed");
  expect(failed.map(({ node, phase, reason }) => ({ node, phase, reason }))).toEqual(
    ["n020", "n040"].map((node) => ({
      node,
      phase: expect.stringMatching(/going-back|rolled-back/),
      reason: "the self-test of show failed: its lamp does not light",
    })),
  );

  // A paused rollout goes no further by itself: who was under way comes to its end, nobody else begins.
  await eventually("48 have it", async () => counted(await site.rollout(second))["done"] === 48, within);
  expect((await site.rollout(second)).kind).toBe("paused");
  expect(await act(second, "resume")).toMatchObject({ status: 200 });
  // The third one is one of a hundred: within the threshold.
  const done = await site.until(second, "complete", within);
  expect(counted(done)).toEqual({ done: 97, failed: 3 });
  expect(done.log.map(({ words }) => words)).toEqual([`paused: ${paused.why}`, "anna resumed it: I looked"]);
  await eventually(
    "three run the one before",
    async () => {
      const now = await running();
      return now.get(first) === 3 && now.get(second) === 97;
    },
    within,
  );
}, 120_000);

test("aborted and taken back all run what they ran before; the next one applies to all", async () => {
  const third = await site.apply(fleetSite(nodes, 3), { rollout: atOnce });
  await site.until(third, "complete", within);
  const fourth = await site.apply(fleetSite(nodes, bad), { rollout: inWaves });
  await site.until(fourth, "paused", within);

  expect(await act(fourth, "abort", { take_back: true })).toMatchObject({ body: { kind: "aborted" } });

  await eventually("all are back", async () => (await running()).get(third) === nodes, within);
  expect(await act(fourth, "resume")).toMatchObject({ status: 409 });
  const fifth = await site.apply(fleetSite(nodes, 5), { rollout: atOnce });
  await site.until(fifth, "complete", within);
  expect(await running()).toEqual(new Map([[fifth, nodes]]));
}, 120_000);

test("the hub is killed in the middle of it, and the rollout goes on where it was", async () => {
  const slow = { ...inWaves, probation_ms: 1500 };
  const before = Math.max(...(await running()).keys());
  const sixth = await site.apply(fleetSite(nodes, 6), { rollout: slow });
  await eventually("the second wave is on", async () => (await site.rollout(sixth)).wave === 1, within);

  await fleet.restartHub(within);

  await site.until(sixth, "complete", 2 * within);
  expect(await running()).toEqual(new Map([[sixth, nodes]]));
  expect(before).toBeLessThan(sixth);
}, 180_000);
