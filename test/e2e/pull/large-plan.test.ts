// A plan that is too large to stand in what is said of it: the node pulls it in pieces from its hub, and runs it.

import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { decodeTarget, type Target } from "@interactor/shared/wire/messages/plan";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { Light } from "../light.ts";
import { eventually, startAgent, startHub } from "../programs.ts";
import { lampSite, SiteClient } from "../site/site-client.ts";

/** Routes that never fire, to make it large. */
const many = Array.from(
  { length: 600 },
  (_, number) =>
    `  - { name: spare-${number}, from: pi/lamp/level, to: pi/stage/ch${(number % 500) + 2}, when: "value > 100000 + ${number} && value < 0 - 100000" }\n`,
).join("");

/** What the node is told, as it is retained. */
async function targetOf(address: string): Promise<Target | undefined> {
  const visitor = await connectAsync(address, { protocolVersion: 4 });
  const came = Promise.withResolvers<Uint8Array>();
  visitor.once("message", (_topic, payload) => came.resolve(payload));
  await visitor.subscribeAsync(nodeTopics("demo", "pi").desired);
  const target = decodeTarget(await came.promise);
  await visitor.endAsync();
  return target.ok ? target.value : undefined;
}

test("a node whose plan is larger than a message comes to it", async () => {
  await using light = await Light.open();
  await using hub = await startHub();
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt, instances: {} });
  await eventually("pi is there", async () => (await hub.node("pi"))?.state === "ready");
  const site = new SiteClient(hub.http);

  const revision = await site.apply(lampSite({ ports: { pi: light.port }, level: 20, more: many }));
  await site.until(revision, "complete");

  await eventually("light", () => light.level(1) === 20);
  const said = await targetOf(hub.mqtt);
  expect(said?.bytes).toBeGreaterThan(64 * 1024);
  expect(said?.plan).toBeUndefined();
  const node = await hub.node("pi");
  expect(node).toMatchObject({ revision, converged: true });
  expect(agent.log()).not.toContain("a piece of a file is not what was asked for");
});
