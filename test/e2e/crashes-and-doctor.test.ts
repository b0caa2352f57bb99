// A module crashes while no hub is there, and a machine lacks something: whoever asks the hub later is told.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "./free-port.ts";
import { eventually, startAgent, startHub } from "./programs.ts";

const run = promisify(execFile);
const cli = join(import.meta.dirname, "../../dist/cli/interactor.mjs");

test(
  "what became of a module is read at the hub, also when it came up later",
  { timeout: 120_000 },
  async () => {
    const mqttPort = await freePort();
    await using agent = await startAgent({
      node: "pi",
      hub: `mqtt://127.0.0.1:${mqttPort}`,
      instances: { sim: { module: "simulated", settings: { misbehave: { crashAfter: 0.2 } } } },
    });
    const folder = join(agent.data, "crashes");
    await eventually("a report on the node's disk", () =>
      readdirSync(folder).some((name) => /^\w+\.cbor$/.test(name)),
    );

    await using hub = await startHub({ mqttPort });
    const ask = async (...words: readonly string[]) =>
      (
        await run(process.execPath, [cli, ...words, "--hub", hub.http], {
          env: { ...process.env, NO_COLOR: "1" },
        })
      ).stdout;
    await eventually(
      "the report at the hub",
      async () => (await ask("crash", "list")).includes("sim"),
      60_000,
    );

    const list = await ask("crash", "list", "pi/sim");
    expect(list).toMatch(
      /^ID .*\n[0-9a-f]{16} {2}pi {4}sim .* crashed {2}it crashed, as its settings ask for\n$/,
    );
    const shown = await ask("crash", "show", list.split("\n")[1]?.slice(0, 16) ?? "");
    expect(shown).toContain("Error: it crashed, as its settings ask for");
    expect(shown).toMatch(/what it said last\n(?: {2}sim.*\n){10}$/);
    expect(await ask("why", "pi/sim")).toMatch(/crash {5}crashed .*interactor crash show [0-9a-f]{16}\)/);
    expect(await ask("crash", "list", "elsewhere")).toBe("nothing has crashed on elsewhere\n");
  },
);

test("a node says what its machine lacks, and doctor what to do about it", { timeout: 120_000 }, async () => {
  await using hub = await startHub();
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt });
  const doctor = async (...words: readonly string[]) => {
    const env = { ...process.env, NO_COLOR: "1" };
    const ended = run(process.execPath, [cli, "doctor", ...words, "--json"], { env });
    const { stdout, code } = await ended.then(
      (well) => ({ stdout: well.stdout, code: 0 }),
      (error: { readonly stdout: string; readonly code: number }) => error,
    );
    return { code, checks: JSON.parse(stdout).checks as readonly Record<string, string>[] };
  };

  const here = await doctor("--for", "agent", "--data", agent.data);
  await eventually("the node's word", async () => (await hub.node("pi"))?.machine !== undefined, 60_000);
  const told = await doctor("--node", "pi", "--hub", hub.http);

  expect(here.checks.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      "node",
      "user",
      "namespaces",
      "memory",
      "clock",
      "disk-speed",
      "serial",
      "time-floor",
    ]),
  );
  expect(here.code).toBe(here.checks.some(({ state }) => state === "missing") ? 1 : 0);
  const lacking = here.checks.filter(({ state }) => state !== "ok");
  expect(told.checks.map(({ check }) => check)).toEqual(lacking.map(({ check }) => check));
  expect(here.checks.find(({ check }) => check === "flash")).toMatchObject({ state: "ok" });
  for (const { why, todo } of told.checks) expect([why, todo]).not.toContain("");

  const { hostname, port } = new URL(hub.mqtt);
  expect(hostname).toBe("127.0.0.1");
  const ports = await doctor("--for", "hub", "--http-port", "0", "--mqtt-port", port);
  expect(ports.checks.find(({ check }) => check === "mqtt-port")).toMatchObject({ state: "missing" });
  expect(ports.code).toBe(1);
});

test(
  "a node says what is plugged in, and that it lacks avrdude for an instance that needs it",
  { timeout: 120_000 },
  async () => {
    const bin = mkdtempSync(join(tmpdir(), "no-avrdude-"));
    onTestFinished(() => rmSync(bin, { recursive: true }));
    const panel = {
      module: "bridge",
      settings: { usb: "75834353930351F0D1E2", flash: "uno", inputs: { lamp: { pin: "D13" } } },
    };
    await using hub = await startHub();
    await using agent = await startAgent({
      node: "pi",
      hub: hub.mqtt,
      instances: { panel },
      env: { PATH: bin },
    });
    const ask = async (...words: readonly string[]) => {
      const env = { ...process.env, NO_COLOR: "1" };
      const ended = run(process.execPath, [cli, ...words], { env });
      return ended.then(
        ({ stdout }) => ({ stdout, stderr: "" }),
        ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => ({ stdout, stderr }),
      );
    };
    expect((await ask("devices", "--node", "elsewhere", "--hub", hub.http)).stderr).toContain(
      "knows no node",
    );
    await eventually("the node's word", async () => (await hub.node("pi"))?.machine !== undefined, 60_000);
    await eventually("what it sees", async () => (await hub.node("pi"))?.devices !== undefined, 60_000);

    const here = await ask("devices", "--json");
    const there = await ask("devices", "--json", "--node", "pi", "--hub", hub.http);
    const lacks = await ask("doctor", "--node", "pi", "--hub", hub.http);

    expect(JSON.parse(there.stdout)).toEqual(JSON.parse(here.stdout));
    expect(lacks.stdout).toContain("panel: avrdude is not installed: apt install avrdude");
    expect((await hub.node("pi"))?.instances["panel"]?.reason).toContain(
      "no USB device with serial number 75834353930351F0D1E2 is plugged in (",
    );

    await agent.signal("SIGTERM");
    await eventually("its end", async () => (await hub.node("pi"))?.state === "disconnected");
    const last = await run(process.execPath, [cli, "devices", "--node", "pi", "--hub", hub.http]);
    expect(last.stderr).toBe("node pi is disconnected: this is what its agent said before that\n");
  },
);
