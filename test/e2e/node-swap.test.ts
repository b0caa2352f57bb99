// Another unit comes into a node, and the command that waits for it says so.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cliBundle } from "./demo-process.ts";
import { eventually, startAgent, startHub } from "./programs.ts";
import { untilRunning } from "./room.ts";

const instances = { sim: { module: "simulated" } };

const swap = (node: string, hub: string) =>
  promisify(execFile)(process.execPath, [cliBundle, "node", "swap", node, "--hub", hub, "--timeout", "50"]);

test("a node is a role: another unit is refused until a swap lets it in, and then fills it", async () => {
  await using hub = await startHub({ routes: "routes: []\n" });
  await using old = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await untilRunning(hub, "pi");
  const before = (await hub.node("pi"))?.unit ?? "";
  await using fresh = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await eventually("it is refused", () => hub.log().includes("was refused"));
  expect((await hub.node("pi"))?.unit).toBe(before);

  const { stdout, stderr } = await swap("pi", hub.http);

  const after = (await hub.node("pi"))?.unit ?? "";
  expect(after).not.toBe(before);
  expect(stdout).toBe(`pi: unit ${after} in place of ${before}, ready\n`);
  expect(stderr).toContain(`pi is filled by unit ${before}, which is `);
  await Promise.all([old.signal("SIGTERM"), fresh.signal("SIGTERM")]);
});

test("a swap of a node that nobody knows is refused", async () => {
  await using hub = await startHub({ routes: "routes: []\n" });

  await expect(swap("pi-70", hub.http)).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringContaining("pi-70"),
  });
});
