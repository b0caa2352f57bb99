// A module crashes while no hub is there: its node keeps what is known of it, and whoever asks a hub later is told.

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
