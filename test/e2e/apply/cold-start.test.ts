// Without its hub a node runs what it ran, also after a power cut: how soon.

import { expect, test } from "vitest";
import { Light } from "../light.ts";
import { eventually, startAgent } from "../programs.ts";
import { lightPlan } from "./plans.ts";
import { node, openTargetHub } from "./target-hub.ts";

/** What the promise says of a node without its hub, in ms. */
const coldStartMax = 5000;

test("a node that is started without its hub runs its routes within five seconds", async () => {
  await using light = await Light.open();
  const hub = await openTargetHub();
  await using undo = new AsyncDisposableStack();
  undo.use(hub);
  const agent = undo.use(await startAgent({ node, hub: hub.address }));
  hub.target(1, lightPlan(light.port, 20));
  await hub.cameTo(1, "applied");
  await hub[Symbol.asyncDispose]();
  // As a power cut does: nothing is said, and nothing written any more.
  await agent.signal("SIGKILL");
  const folder = agent.data;
  light.forget();
  const before = light.frames.length;
  const startedAt = performance.now();

  await using _again = await startAgent({ node, hub: hub.address, data: folder });

  const first = await eventually("light", () =>
    light.frames.slice(before).find(({ levels }) => levels[0] === 20),
  );
  console.info(`light ${(first.at - startedAt).toFixed(0)} ms after the start`);
  expect(first.at - startedAt).toBeLessThan(coldStartMax);
});
