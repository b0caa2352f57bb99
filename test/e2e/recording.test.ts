// What a hub took in, taken away from it and played again, with a hub that serves and with its folder alone.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { siteExample } from "@interactor/shared/site/site-example";
import { readRecording } from "@interactor/shared/wire/recording";
import { cliBundle } from "./demo-process.ts";
import { eventually, startAgent, startHub } from "./programs.ts";
import { untilRunning } from "./room.ts";

const folder = mkdtempSync(join(tmpdir(), "interactor-recording-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [cliBundle, "journal", ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", INTERACTOR_HUB: "" },
  });

const instances = { sim: { module: "simulated", settings: { rate: 50 } } };

test("a recording is what the hub took in, and played twice it gives the same to the byte", async () => {
  await using hub = await startHub({ routes: "routes: []\n" });
  await using agent = await startAgent({ node: "demo", hub: hub.mqtt, instances });
  await untilRunning(hub, "demo");
  await eventually(
    "some values",
    async () => ((await hub.metric("interactor_hub_messages_total")) ?? 0) > 200,
  );
  writeFileSync(join(folder, "site.yaml"), siteExample);

  const exported = await run("export", "live.ixrec", "--hub", hub.http);
  const first = await run("replay", "live.ixrec");
  const second = await run("replay", "live.ixrec");

  expect(exported.stdout).toMatch(/^wrote live\.ixrec: \d{3,} values of /);
  expect(first.stdout).toMatch(/^\d{3,} values, \d+ outputs, sha256 [0-9a-f]{64}\n$/);
  expect(second.stdout).toBe(first.stdout);
  const read = readRecording(readFileSync(join(folder, "live.ixrec")));
  expect(read).toMatchObject({ ok: true, value: { site: "demo", isCutOff: false } });
  const printed = await run("replay", "live.ixrec", "--print", "--json");
  expect(printed.stdout.split("\n")[0]).toMatch(/"to":"demo\/dmx\//);

  expect(statSync(join(folder, "live.ixrec")).mode & 0o077).toBe(0);
  expect((await hub.get("/api/v1/journal?since=yesterday")).status).toBe(400);
  await expect(run("export", "gone/live.ixrec", "--hub", hub.http)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("cannot write gone/live.ixrec"),
  });

  await agent.signal("SIGTERM");
  await hub.signal("SIGTERM");
  const offline = await run("export", "offline.ixrec", "--data", hub.data, "--since", "1h");
  expect(offline.stderr).toContain("no hub answers; reading the journal in");
  const kept = readRecording(readFileSync(join(folder, "offline.ixrec")));
  expect(kept.ok && read.ok && kept.value.readings.slice(0, read.value.readings.length)).toEqual(
    read.ok && read.value.readings,
  );
});

test("a file that is none, and one that is cut off, are told", async () => {
  writeFileSync(join(folder, "site.yaml"), siteExample);
  writeFileSync(join(folder, "none.ixrec"), "hello");

  await expect(run("replay", "none.ixrec")).rejects.toMatchObject({
    code: 7,
    stderr: expect.stringContaining("none.ixrec is no recording; interactor journal export makes one"),
  });
  await expect(run("export", "x.ixrec", "--data", folder)).rejects.toMatchObject({ code: 5 });
  const path = join(folder, "live.ixrec");
  truncateSync(path, readFileSync(path).length - 3);
  expect((await run("replay", "live.ixrec")).stderr).toContain("is cut off; what stands before is played");
});
