// A node comes to a revision: the agent as it is shipped, from a hub that says what it shall run.

import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { Light } from "../light.ts";
import { eventually, startAgent } from "../programs.ts";
import { lightPlan } from "./plans.ts";
import { digestOf, node, openTargetHub } from "./target-hub.ts";

test("a plan's instances and routes run, and the node says so", async () => {
  await using light = await Light.open();
  await using hub = await openTargetHub();
  await using _agent = await startAgent({ node, hub: hub.address });
  const plan = lightPlan(light.port, 20);

  hub.target(1, plan);

  const reported = await hub.cameTo(1, "applied");
  expect(reported).toMatchObject({ revision: 1, digest: digestOf({ ...emptyPlan, ...plan }) });
  expect(reported.instances).toMatchObject({ lamp: { state: "running" }, stage: { state: "running" } });
  await eventually("light", () => light.level(1) === 20);
  await eventually("a birth that names them", () => hub.birth?.instances["stage"]?.module === "dmx");
});

test("the next revision touches what changes, and what is gone is gone", async () => {
  await using light = await Light.open();
  await using hub = await openTargetHub();
  await using _agent = await startAgent({ node, hub: hub.address });
  hub.target(1, lightPlan(light.port, 20));
  await hub.cameTo(1, "applied");
  await eventually("light", () => light.level(1) === 20);
  light.forget();

  hub.target(2, lightPlan(light.port, 30));
  await hub.cameTo(2, "applied");
  await eventually("more light", () => light.level(1) === 30);
  hub.target(3, {});
  const last = await hub.cameTo(3, "applied");

  // The universe was never dark between: only the lamp was exchanged.
  expect(light.looks(1).slice(0, 2)).toEqual([20, 30]);
  expect(last.instances).toEqual({});
  await eventually("a birth without them", () => Object.keys(hub.birth?.instances ?? {}).length === 0);
});

test("a node one of whose ways out is away takes a revision as any, and goes on telling what is away", async () => {
  await using light = await Light.open();
  await using hub = await openTargetHub();
  await using _agent = await startAgent({ node, hub: hub.address });
  const usb = { serial: "NO-SUCH-WIDGET" };
  const reason = "USB: no USB device with serial number NO-SUCH-WIDGET is plugged in";
  const isTold = () => hub.reported?.instances["stage"]?.reason?.startsWith(reason) === true;
  hub.target(1, lightPlan(light.port, 20, {}, { usb }));
  await hub.cameTo(1, "applied");
  await eventually("what is away", isTold);

  // Longer than what is new is let off: it is degraded while it is looked at.
  const changed = lightPlan(light.port, 30, {}, { usb, dimmers: { rear: { channel: 9 } } });
  hub.target(2, changed, { probation: seconds(8) });

  const reported = await hub.cameTo(2, "applied");
  expect(reported.instances["stage"]).toEqual({
    state: "running",
    reason: expect.stringContaining(reason),
  });
  await eventually("the light of the next", () => light.level(1) === 30);
});
