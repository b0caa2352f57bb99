// A secret of the site file: the node finds its value, and it stands nowhere else.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configPaths } from "@interactor/shared/wire/api-config";
import { Light } from "../light.ts";
import { eventually, startAgent, startHub } from "../programs.ts";
import { SiteClient } from "./site-client.ts";

/** An address of loopback that nothing else here has. */
const secret = "127.0.91.77";

const siteText = (port: number): string => `site: demo
secrets:
  wall: { env: INTERACTOR_SECRET_WALL }
nodes:
  pi:
    instances:
      stage:
        module: dmx
        settings: { universe: 1, sacn: { to: ["\${secret:wall}"], port: ${port} } }
        failsafe: hold
`;

test("its value reaches the module, and no revision, file, log or answer of hub and agent", async () => {
  await using light = await Light.open(secret);
  await using hub = await startHub();
  await using agent = await startAgent({
    node: "pi",
    hub: hub.mqtt,
    env: { INTERACTOR_SECRET_WALL: secret },
  });
  await eventually("pi is there", async () => (await hub.node("pi"))?.state === "ready");
  const site = new SiteClient(hub.http);

  const revision = await site.apply(siteText(light.port));
  await site.until(revision, "complete");

  await eventually("frames at the secret address", () => light.frames.length > 0);
  const answers = await Promise.all([
    site.get(`${configPaths.revisions}/${revision}`),
    site.get(`${configPaths.rollouts}/${revision}`),
    hub.get("/api/v1/nodes"),
  ]);
  expect(JSON.stringify(answers)).toContain("secret:wall");
  expect(JSON.stringify(answers)).not.toContain(secret);
  expect(hub.log() + agent.log()).not.toContain(secret);
  const kept = [...(await filesIn(hub.data)), ...(await filesIn(agent.data))];
  expect(kept.filter((bytes) => bytes.includes("INTERACTOR_SECRET_WALL")).length).toBeGreaterThan(1);
  expect(kept.filter((bytes) => bytes.includes(secret))).toEqual([]);
});

async function filesIn(folder: string): Promise<readonly Buffer[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
}
