// A module crashes while no hub is there, and a machine lacks something: whoever asks the hub later is told.

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
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
  for (const { why, todo } of told.checks) expect([why, todo]).not.toContain("");

  const { hostname, port } = new URL(hub.mqtt);
  expect(hostname).toBe("127.0.0.1");
  const ports = await doctor("--for", "hub", "--http-port", "0", "--mqtt-port", port);
  expect(ports.checks.find(({ check }) => check === "mqtt-port")).toMatchObject({ state: "missing" });
  expect(ports.code).toBe(1);
});
