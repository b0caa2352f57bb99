// A zone of the site file has a show stop: nodes that it puts there are held, also those that start without their hub.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cliBundle } from "../demo-process.ts";
import { Light } from "../light.ts";
import { eventually, startAgent, startHub } from "../programs.ts";
import { lampSite, SiteClient } from "./site-client.ts";

const interactor = async (hub: string, ...words: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [cliBundle, ...words, "--hub", hub])).stdout;

test("a show stop of a zone holds the nodes that the site file puts there, and over a cold start", async () => {
  await using light = await Light.open();
  await using hub = await startHub();
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt });
  await eventually("pi is there", async () => (await hub.node("pi"))?.state === "ready");
  const site = new SiteClient(hub.http);
  await site.until(await site.apply(lampSite({ ports: { pi: light.port }, level: 10 })), "complete");
  await eventually("light", () => light.level(1) === 10);

  expect(await interactor(hub.http, "stop", "--zone", "hall")).toContain("hall");
  await eventually("dark", () => light.level(1) === 0);
  await hub.signal("SIGKILL");
  await agent.signal("SIGKILL");
  light.forget();
  const frames = light.frames.length;
  await using alone = await startAgent({ node: "pi", hub: hub.mqtt, data: agent.data });
  await eventually("the lamp runs", () => alone.log().includes("instance lamp is running"));
  await eventually("frames of it", () => light.frames.length > frames + 3);
  expect(light.looks(1)).toEqual([0]);

  await using again = await startHub(hub.place);
  await eventually("pi is back", async () => (await again.node("pi"))?.state === "ready");
  await interactor(again.http, "stop", "release", "--zone", "hall");
  await eventually("light again", () => light.level(1) === 10);
});
