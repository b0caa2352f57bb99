// The hub's clock is the site's: what a node with a clock of its own stamps, and what happens when clocks are set.

import { seconds } from "@interactor/shared/kernel/units";
import { entryFlag } from "@interactor/shared/wire/entry";
import { decodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";
import { siteTopics } from "@interactor/shared/wire/topics";
import { describe, expect } from "vitest";
import { Light } from "./light.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { dmxInstance, untilRunning } from "./room.ts";
import { openSetClock, type SetClock } from "./set-clock.ts";
import { Visitor } from "./visitor.ts";

const test = requires("faketime");

const day = 24 * 3600 * 1000; // ms
/** From a reading to a visitor, on a busy machine; in ms. */
const wayMax = 1500;

interface Hall extends AsyncDisposable {
  readonly hub: HubProgram;
  readonly agent: AgentProgram;
  readonly visitor: Visitor;
  readonly hubClock: SetClock;
  readonly nodeClock: SetClock;
  readonly light: Light;
}

async function openHall(nodeAhead: number): Promise<Hall> {
  await using undo = new AsyncDisposableStack();
  const hubClock = undo.use(await openSetClock(0));
  const nodeClock = undo.use(await openSetClock(nodeAhead));
  const hub = undo.use(await startHub({ env: hubClock.env }));
  const light = undo.use(await Light.open());
  const instances = { sim: { module: "simulated", settings: {} }, stage: dmxInstance(light.port) };
  const visitor = undo.use(await Visitor.connect(hub.mqtt));
  const agent = undo.use(await startAgent({ node: "a", hub: hub.mqtt, instances, env: nodeClock.env }));
  await untilRunning(hub, "a");
  const kept = undo.move();
  const parts = { hub, agent, visitor, hubClock, nodeClock, light };
  return { ...parts, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Values that come from now on, until there are `count`. Those said again are of the time they were taken. */
async function nextValues({ visitor }: Hall, count: number): Promise<readonly PublicValue[]> {
  visitor.forget();
  return eventually(`${count} values`, () => {
    const prefix = `${siteTopics("demo").valueRoot}/a/sim/`;
    const values = visitor.heard.flatMap(({ topic, payload }) => {
      const decoded = topic.startsWith(prefix) ? decodePublicValue(payload) : undefined;
      return decoded?.ok === true && (decoded.value.flags & entryFlag.historical) === 0
        ? [decoded.value]
        : [];
    });
    return values.length >= count && values;
  });
}

/** What was on its way when the node learned the hub's time is stamped with what it knew before; that passes. */
async function untilPassed(hall: Hall): Promise<void> {
  await eventually("the values of the clock before have passed", async () => {
    const values = await nextValues(hall, 10);
    return values.every(
      ({ at, flags }) =>
        (flags & entryFlag.clockUnsynchronised) === 0 &&
        Math.abs(at / 1000 - (Date.now() + hall.hubClock.ahead)) < day / 2,
    );
  });
}

async function expectInHubTime(hall: Hall): Promise<void> {
  const before = Date.now() + hall.hubClock.ahead;
  const values = await nextValues(hall, 10);
  const after = Date.now() + hall.hubClock.ahead;
  const bound = (await clockOf(hall))?.error_ms ?? Number.NaN;

  expect(bound).toBeLessThan(wayMax);
  for (const { at, flags } of values) {
    expect(flags & entryFlag.clockUnsynchronised).toBe(0);
    expect(at / 1000).toBeGreaterThan(before - wayMax - bound);
    expect(at / 1000).toBeLessThan(after + bound);
  }
}

const clockOf = async ({ hub }: Hall) => (await hub.node("a"))?.clock;

const untilOffset = (hall: Hall, wanted: number): Promise<unknown> =>
  eventually(`the node reports to be ${wanted} ms behind`, async () => {
    const clock = await clockOf(hall);
    if (clock?.synchronised !== true || clock.offset_ms === null || clock.error_ms === null) return false;
    // The node's own clock is read in µs from one that ticks in ms.
    return Math.abs(clock.offset_ms - wanted) <= clock.error_ms + 2;
  });

async function expectNothingLost({ hub, agent }: Hall): Promise<void> {
  expect((await hub.metric("interactor_hub_down_lost_total", { node: "a", end: "expired" })) ?? 0).toBe(0);
  expect((await hub.metric("interactor_hub_messages_missed_total")) ?? 0).toBe(0);
  expect((await hub.metric("interactor_agent_messages_refused_total", { node: "a" })) ?? 0).toBe(0);
  expect((await hub.node("a"))?.state).toBe("ready");
  expect(agent.log()).not.toContain("lost the hub");
}

describe("a node stamps in the hub's time", () => {
  test.each([
    ["is a day ahead", day],
    ["is a day behind", -day],
    ["was never set and says 1970", -Date.now() + 60_000],
  ])("although its own clock %s", async (_how, ahead) => {
    await using hall = await openHall(ahead);

    await untilOffset(hall, -ahead);
    await untilPassed(hall);
    await expectInHubTime(hall);

    await expectNothingLost(hall);
    expect(await hall.hub.metric("interactor_agent_clock_synchronised", { node: "a" })).toBe(1);
    expect(await hall.hub.metric("interactor_agent_clock_steps_total", { node: "a" })).toBe(0);
  });

  test("while somebody sets its own clock by a day and back", async () => {
    await using hall = await openHall(0);
    await untilOffset(hall, 0);
    await untilPassed(hall);

    for (const ahead of [day, -day]) {
      await hall.nodeClock.set(ahead);
      await expectInHubTime(hall);
      await untilOffset(hall, -ahead);
    }

    await expectNothingLost(hall);
    expect((await clockOf(hall))?.steps).toBe(0);
  });
});

test("when the hub's clock is set by a day and back, all follow, and nothing expires", async () => {
  await using hall = await openHall(0);
  const { hub, agent, visitor, hubClock, light } = hall;
  await untilOffset(hall, 0);

  for (const [index, ahead] of [day, 0].entries()) {
    await hubClock.set(ahead);
    await visitor.set("a/stage/ch1", index + 1, { ttl: seconds(2), holdFor: seconds(60) });
    await eventually("the command is obeyed", () => light.level(1) === index + 1);
    await untilOffset(hall, ahead);
    await untilPassed(hall);
    await expectInHubTime(hall);

    // The hub looks at its clock once a second; the node may know of it earlier.
    await eventually(
      "the hub counts it",
      async () => (await hub.metric("interactor_hub_clock_steps_total")) === index + 1,
    );
    expect((await clockOf(hall))?.steps).toBe(index + 1);
  }

  expect(hub.log()).toMatch(/, was set by 86(399|400)\d{3} ms/);
  expect(hub.log()).toMatch(/, was set by -86(399|400)\d{3} ms/);
  expect(agent.log()).toMatch(/the hub's clock was set by 86(399|400)\d{3} ms: this node follows/);
  await expectNothingLost(hall);
});
