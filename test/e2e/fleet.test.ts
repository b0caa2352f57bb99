// A fleet against one hub: the agents' own code, many in one process, over a light link.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Fleet } from "../bench/fleet/fleet.ts";
import { isLong } from "./hostile/length.ts";
import { eventually } from "./programs.ts";

/** As `attemptsPerSecondMax` of the hub, which promises it in the mean; chance may bring a few more. */
const attemptsInASecondMax = 250;

const nodes = isLong ? 500 : 100;
/** The promise: so soon all are back after the hub was killed; in ms. */
const backWithin = 30_000;

test(`${nodes} agents that are born at once and lose the hub at once come back spread, and nothing is missed`, async () => {
  await using fleet = await Fleet.open({ nodes, perSecond: 10 });
  await fleet.untilReady(backWithin);
  await eventually("the hub knows the clocks of all", async () => {
    const known = await fleet.hub.metric("interactor_agent_clock_synchronised");
    return known === nodes;
  });
  // So long a connection lives before the next attempt after it is a first one again.
  await sleep(11_000);

  const { seconds } = await fleet.restartHub(backWithin);

  expect(seconds).toBeLessThan(backWithin / 1000);
  const { attempts, busiestSecond } = await fleet.look();
  expect(attempts).toBeGreaterThanOrEqual(nodes);
  // Those that came too early for the starting hub try once or twice more.
  expect(attempts).toBeLessThan(4 * nodes);
  expect(busiestSecond).toBeLessThanOrEqual(attemptsInASecondMax);
  expect((await fleet.hub.nodes()).filter(({ state }) => state === "ready")).toHaveLength(nodes);

  // All that was said before now has its end: the hub takes it in, and nothing is passed over.
  await fleet.hush();
  await sleep(2000);
  expect((await fleet.hub.metric("interactor_hub_messages_missed_total")) ?? 0).toBe(0);
  expect(
    await fleet.hub.metric("interactor_hub_messages_refused_total", { reason: "up stale-session" }),
  ).toBe(undefined);
});
