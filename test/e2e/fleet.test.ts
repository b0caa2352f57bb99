// A fleet against one hub: the agents' own code, many in one process, over a light link.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Fleet } from "../bench/fleet/fleet.ts";
import { decodeHubState } from "@interactor/shared/wire/messages/hub-state";
import { siteTopics } from "@interactor/shared/wire/topics";
import { reconnectSpread } from "../../hub/src/core/presence/reconnect-spread.ts";
import { isLong } from "./hostile/length.ts";
import { eventually, type HubProgram } from "./programs.ts";
import { Visitor } from "./visitor.ts";

/** As `attemptsPerSecondMax` of the hub, which promises it in the mean; chance may bring a few more. */
const attemptsInASecondMax = 250;

/** So many that they have to spread. */
const nodes = isLong ? 500 : 240;
/** The promise: so soon all are back after the hub was killed; in ms. */
const backWithin = 30_000;

/** The spread in the hub's own words. */
async function spreadSaid({ mqtt }: HubProgram): Promise<number | undefined> {
  await using visitor = await Visitor.connect(mqtt, [siteTopics("demo").hubState]);
  await eventually("the hub says how it is", () => visitor.heard.length > 0);
  const state = decodeHubState(visitor.heard.at(-1)?.payload ?? new Uint8Array());
  return state.ok ? state.value.reconnectSpread : undefined;
}

test(`${nodes} agents that are born at once and lose the hub at once come back spread, and nothing is missed`, async () => {
  await using fleet = await Fleet.open({ nodes, perSecond: 10 });
  await fleet.untilReady(backWithin);
  await eventually("the hub knows the clocks of all", async () => {
    const known = await fleet.hub.metric("interactor_agent_clock_synchronised");
    return known === nodes;
  });
  // So long a connection lives before the next attempt after it is a first one again.
  await sleep(11_000);

  const spread = reconnectSpread(nodes) ?? 0;
  expect(spread).toBeGreaterThan(1000);
  expect(await spreadSaid(fleet.hub)).toBe(spread);

  let spreadInStorm: number | undefined;
  const { seconds } = await fleet.restartHub(backWithin, async (hub) => {
    spreadInStorm = await spreadSaid(hub);
  });

  expect(seconds).toBeLessThan(backWithin / 1000);
  // The hub that has just started, and has few of them yet, says the same.
  expect(spreadInStorm).toBe(spread);
  const { attempts, busiestSecond, firstSpan } = await fleet.look();
  expect(firstSpan).toBeGreaterThan(0.8 * spread);
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
