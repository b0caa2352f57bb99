// Whatever ends a node in the middle of an apply, it comes back with one revision whole.

import { describe, expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { Light } from "../light.ts";
import { type AgentProgram, eventually, startAgent } from "../programs.ts";
import { lightPlan, simulated } from "./plans.ts";
import { node, openTargetHub } from "./target-hub.ts";

describe.concurrent("a node that is killed", () => {
  // From the Target to its last write an apply of two instances takes some tens of ms, and its probation 300 ms.
  test.each([0, 3, 6, 10, 15, 25, 40, 80, 200])(
    "%s ms after it was told of a revision comes back with one of them whole, and takes the next",
    async (delay) => {
      await using light = await Light.open();
      await using hub = await openTargetHub();
      await using first = await startAgent({ node, hub: hub.address });
      hub.target(1, lightPlan(light.port, 20));
      await hub.cameTo(1, "applied");
      const { data } = first;

      hub.target(2, lightPlan(light.port, 30, { sim: simulated() }));
      await new Promise((resolve) => setTimeout(resolve, delay));
      await first.signal("SIGKILL");
      hub.forget();
      await using again = await startAgent({ node, hub: hub.address, data });

      const { instances } = await hub.cameTo(2, "applied");
      expect(Object.keys(instances).toSorted()).toEqual(["lamp", "sim", "stage"]);
      await eventually("the light of it", () => light.level(1) === 30);
      hub.target(3, lightPlan(light.port, 40));
      await hub.cameTo(3, "applied");
      await eventually("the light of the next", () => light.level(1) === 40);
      expect(again.log()).not.toContain("damaged");
    },
  );
});

test("a revision that ends the agent itself is taken back after three starts, without a hub too", async () => {
  await using light = await Light.open();
  await using hub = await openTargetHub();
  const agent = await startAgent({ node, hub: hub.address });
  await using first = agent;
  hub.target(1, lightPlan(light.port, 20));
  await hub.cameTo(1, "applied");

  hub.target(2, lightPlan(light.port, 90), { probation: seconds(60) });
  await hub.cameTo(2, "probing");
  await first.signal("SIGKILL");
  hub.say("desired", new Uint8Array());
  hub.forget();
  for (const start of [2, 3]) {
    const again: AgentProgram = await startAgent({ node, hub: hub.address, data: agent.data });
    await eventually(`start ${start} tries it`, () => again.log().includes("revision 2: probing"));
    await again.signal("SIGKILL");
  }
  await using _last = await startAgent({ node, hub: hub.address, data: agent.data });

  const { apply, revision } = await hub.cameTo(2, "rolled-back");
  expect(apply).toMatchObject({
    code: "START_LOOP",
    reason: "the node was started 3 times before it had proved itself",
  });
  expect(revision).toBe(1);
  await eventually("the light of before", () => light.level(1) === 20);
});
