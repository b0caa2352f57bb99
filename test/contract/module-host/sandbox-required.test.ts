// A machine that cannot enforce what its installer requires: modules of others are refused there, with the reason.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import {
  type Machine,
  type Measure,
  surveyMachine,
} from "../../../agent/src/adapters/module-host-sandbox/machine.ts";
import { requires } from "../../e2e/requires.ts";
import { openHostBench } from "./host-bench.ts";
import { bundled, openSandboxes } from "./sandboxes.ts";

const test = requires("bwrap");

async function benchWith(required: readonly Measure[], given: Partial<Machine> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "required-"));
  const bundle = await bundled(join(import.meta.dirname, "lamp-module.ts"), join(folder, "lamp.mjs"));
  const machine = await surveyMachine({ folder });
  const has = new Set([...machine.has].filter((measure) => measure !== "memory"));
  const poorer = { ...machine, has, missing: { ...machine.missing, memory: "no such group" }, ...given };
  const open = await openSandboxes(folder, poorer, new Set(required));
  return openHostBench("sandbox", open({ bundle, limits: sandboxLimitsDefault }), folder);
}

const spec = { name: "lamp", module: "lamp", settings: {} };
const words = "it takes more memory than it may: not here, no such group";

test("what is required and missing refuses it, and is no crash", { timeout: 60_000 }, async () => {
  await using bench = await benchWith(["memory", "user"]);

  expect(await bench.host.prepare(spec)).toContain(words);
  bench.host.start(spec);

  await vi.waitFor(() => expect(bench.reports.at(-1)).toContain(words), { timeout: 20_000 });
  expect(bench.deaths).toEqual([]);
});

test("what is not required may be missing", { timeout: 60_000 }, async () => {
  await using bench = await benchWith([]);

  expect(await bench.host.prepare(spec)).toBeUndefined();
  await bench.start("lamp");
});

test(
  "what the machine has lost since it was looked at is counted like any other end",
  { timeout: 60_000 },
  async () => {
    const none = { ok: false, error: "none here" } as const;
    const lost = { ok: true, value: import.meta.filename } as const;
    await using bench = await benchWith([], { groups: { memory: lost, pids: none, cpu: none } });

    bench.host.start(spec);
    await vi.waitFor(() => expect(bench.deaths.length).toBeGreaterThan(1), { timeout: 20_000 });

    expect(bench.deaths[0]).toMatchObject({
      cause: "sandbox",
      reason: expect.stringContaining("ENOTDIR"),
    });
    expect(bench.reports[0]).toMatch(/^lamp: failed, the sandbox died: .*; it starts again in 1 s$/);
  },
);
