// Revisions that are no good, and nodes that are ended on the way: whatever happens, a node comes to the new one or goes
// back to the one that was well, says why, and takes the next.

import { describe, expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { Light } from "../light.ts";
import { eventually, startAgent } from "../programs.ts";
import { lamp, lightPlan, simulated } from "./plans.ts";
import { node, openTargetHub, type TargetHub } from "./target-hub.ts";

interface Stage extends AsyncDisposable {
  readonly hub: TargetHub;
  readonly light: Light;
}

/** A node that runs revision 1, which gives 20 on channel 1. */
async function openStage(): Promise<Stage> {
  await using undo = new AsyncDisposableStack();
  const light = undo.use(await Light.open());
  const hub = undo.use(await openTargetHub());
  undo.use(await startAgent({ node, hub: hub.address }));
  hub.target(1, lightPlan(light.port, 20));
  await hub.cameTo(1, "applied");
  await eventually("light", () => light.level(1) === 20);
  const kept = undo.move();
  return { hub, light, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

type Why = Pick<NonNullable<Reported["apply"]>, "code" | "reason">;

const failures: readonly (readonly [string, object, Why])[] = [
  ["crashes", { crashAfter: 1 }, { code: "UNHEALTHY", reason: "as its settings ask for" }],
  [
    "fails its self-test",
    { selfTest: "no reading" },
    { code: "UNHEALTHY", reason: "the self-test of bad failed: no reading" },
  ],
  ["cannot start", { start: "no power" }, { code: "UNHEALTHY", reason: "bad has failed: no power" }],
  ["gives no more signs of life", { hangAfter: 1 }, { code: "UNHEALTHY", reason: "no sign of life" }],
];

describe.concurrent("a revision with an instance that", () => {
  test.each(failures)("%s is taken back, says why, and the next one comes", async (_what, misbehave, why) => {
    await using stage = await openStage();
    const { hub, light } = stage;
    const bad = simulated({ misbehave });

    hub.target(2, lightPlan(light.port, 90, { bad }), { probation: seconds(8) });

    const reported = await hub.cameTo(2, "rolled-back");
    expect(reported.apply?.code).toBe(why.code);
    expect(reported.apply?.reason).toContain(why.reason);
    expect(reported.revision).toBe(1);
    expect(Object.keys(reported.instances).toSorted()).toEqual(["lamp", "stage"]);
    await eventually("the light of before", () => light.level(1) === 20);

    hub.target(3, lightPlan(light.port, 30));
    expect(await hub.cameTo(3, "applied")).toMatchObject({ revision: 3 });
    await eventually("the light of the next", () => light.level(1) === 30);
  });
});

describe.concurrent("a revision is refused, and nothing is touched, when", () => {
  test.each([
    [
      "a module has a veto",
      { bad: simulated({ misbehave: { veto: "the lift moves" } }) },
      "bad: the lift moves",
    ],
    ["settings are wrong", { bad: simulated({ rate: 0 }) }, "bad: settings.rate"],
    ["there is no such module", { bad: { ...lamp(1), module: "nothing" } }, 'there is no module "nothing"'],
    [
      "there is another version of it",
      { bad: { ...lamp(1), version: "9.0.0" } },
      'there is no module "statechart" of version 9.0.0',
    ],
    [
      "a secret is not there",
      { bad: simulated({ seed: { $secret: ["", { env: "INTERACTOR_SECRET_X" }, ""] } }) },
      "the environment variable INTERACTOR_SECRET_X is not set",
    ],
  ])("%s", async (_what, more, reason) => {
    await using stage = await openStage();
    const { hub, light } = stage;
    light.forget();

    hub.target(2, lightPlan(light.port, 90, more));

    const reported = await hub.cameTo(2, "rejected");
    expect(reported).toMatchObject({ revision: 1, apply: { code: "VETO" } });
    expect(reported.apply?.reason).toContain(reason);
    expect(light.looks(1)).toEqual([20]);
  });
});

test("an instance of the node's own file is its own: a plan that names it is refused", async () => {
  await using light = await Light.open();
  await using hub = await openTargetHub();
  await using _agent = await startAgent({
    node,
    hub: hub.address,
    instances: { lamp: { module: "simulated" } },
  });

  hub.target(1, lightPlan(light.port, 20));

  const { apply, instances } = await hub.cameTo(1, "rejected");
  expect(apply?.reason).toBe('instance "lamp" is in the node\'s own node.json already; take it out there');
  expect(instances).toEqual({ lamp: { state: "running" } });
});
