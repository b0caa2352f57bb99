// Another unit comes into a node, and the command that waits for it says so.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cliBundle } from "./demo-process.ts";
import { eventually, startAgent, startHub } from "./programs.ts";
import { untilRunning } from "./room.ts";

const instances = { sim: { module: "simulated" } };

test("a node is a role: another unit fills it, and is refused while the old one is here", async () => {
  await using hub = await startHub({ routes: "routes: []\n" });
  await using old = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await untilRunning(hub, "pi");
  const before = (await hub.node("pi"))?.unit ?? "";

  const words = ["node", "swap", "pi", "--hub", hub.http, "--timeout", "50"];
  const swapped = promisify(execFile)(process.execPath, [cliBundle, ...words]);
  await using fresh = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await eventually("it is refused", () => hub.log().includes("was refused"));
  expect((await hub.node("pi"))?.unit).toBe(before);
  await old.signal("SIGTERM");

  const { stdout, stderr } = await swapped;
  const after = (await hub.node("pi"))?.unit ?? "";
  expect(after).not.toBe(before);
  expect(stdout).toBe(`pi: unit ${after} in place of ${before}, ready\n`);
  expect(stderr).toContain(
    `pi is filled by unit ${before}, which is ready: stop its agent, or pull its plug\n`,
  );
  expect(fresh.log()).not.toBe("");
});

test("a swap of a node that nobody knows names the one that was meant", async () => {
  await using hub = await startHub({ routes: "routes: []\n" });
  await using _agent = await startAgent({ node: "pi-07", hub: hub.mqtt, instances });
  await untilRunning(hub, "pi-07");

  const swap = promisify(execFile)(process.execPath, [cliBundle, "node", "swap", "pi-70", "--hub", hub.http]);

  await expect(swap).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringContaining("did you mean pi-07?"),
  });
});
