// A node is a role: the unit that fills it stays the one, until somebody swaps it.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { swapPath } from "@interactor/shared/wire/api-config";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "../programs.ts";
import { SiteClient } from "./site-client.ts";

const unitAt = async (hub: HubProgram): Promise<string | undefined> => {
  const node = await hub.node("pi");
  return node?.state === "ready" ? node.unit : undefined;
};
const isRefused = (hub: HubProgram, words: string) =>
  eventually(`refused: ${words}`, () => hub.log().includes(words));

const isToldAt = (agent: AgentProgram) =>
  eventually("it is told", () => agent.log().includes("is another unit running under its name?"), 20_000);

test("another unit is refused while the first is away, also by a hub that was started again, until it is swapped", async () => {
  await using hub = await startHub();
  const first = await startAgent({ node: "pi", hub: hub.mqtt, instances: {} });
  const unit = await eventually("the first is there", () => unitAt(hub));
  await first.signal("SIGTERM");
  await hub.signal("SIGKILL");
  await using again = await startHub(hub.place);
  const site = new SiteClient(again.http);

  await using second = await startAgent({ node: "pi", hub: again.mqtt, instances: {} });
  await isRefused(again, "also while that is away");
  expect(again.log()).toContain("interactor node swap pi");
  expect((await again.node("pi"))?.unit).not.toBe("");

  expect(await site.post(swapPath("pi"), { by: "anna" })).toMatchObject({
    status: 200,
    body: { node: "pi" },
  });
  const now = await eventually("the second is there", () => unitAt(again), 20_000);
  expect(now).not.toBe(unit);

  await using old = await startAgent({ node: "pi", hub: again.mqtt, data: first.data, instances: {} });
  await isToldAt(old);
  expect(await unitAt(again)).toBe(now);
  expect(second.log()).not.toContain("lost the hub");
  await rm(first.data, { recursive: true, force: true });
});

test("a swap lets another unit take over from one that is here, and only one by its name if it is named", async () => {
  await using hub = await startHub();
  const site = new SiteClient(hub.http);
  await using first = await startAgent({ node: "pi", hub: hub.mqtt, instances: {} });
  const unit = await eventually("the first is there", () => unitAt(hub));
  await using second = await startAgent({ node: "pi", hub: hub.mqtt, instances: {} });
  await isRefused(hub, "was refused");
  const other = (await readFile(join(second.data, "unit"), "utf8")).trim();

  expect(await site.post(swapPath("pi"), { by: "anna", unit: "pi-99" })).toMatchObject({ status: 200 });
  expect(await unitAt(hub)).toBe(unit);
  expect(await site.post(swapPath("pi"), { by: "anna", unit: other })).toMatchObject({
    status: 200,
    body: { node: "pi", before: unit, unit: other },
  });

  await eventually("the second fills it", async () => (await unitAt(hub)) === other, 20_000);
  await isToldAt(first);
  expect(await unitAt(hub)).toBe(other);
  expect(await site.post(swapPath("foyer"), { by: "anna" })).toMatchObject({ status: 404 });
  expect(await site.post(swapPath("no/name"), { by: "anna" })).toMatchObject({ status: 404 });
});

test("a hub that says so takes any unit for a node that is away", async () => {
  await using hub = await startHub({ env: { INTERACTOR_ANY_UNIT: "true" } });
  const first = await startAgent({ node: "pi", hub: hub.mqtt, instances: {} });
  const unit = await eventually("the first is there", () => unitAt(hub));
  await first[Symbol.asyncDispose]();

  await using _second = await startAgent({ node: "pi", hub: hub.mqtt, instances: {} });
  await eventually("another is there", async () => ![undefined, unit].includes(await unitAt(hub)));
});
