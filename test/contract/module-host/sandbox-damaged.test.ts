// A module of others whose bundle the card damages while it runs: its next life begins with the bytes that were installed,
// fetched anew, or not at all.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { openApplyStore } from "../../../agent/src/adapters/apply-store-files/apply-store-files.ts";
import { newSteering, systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { AgentBundles } from "../../../agent/src/agent-bundles.ts";
import { requires } from "../../e2e/requires.ts";
import { openHostBench } from "./host-bench.ts";
import { bundled, openSandboxes } from "./sandboxes.ts";

const test = requires("bwrap");
const quiet = () => undefined;
const log = { info: quiet, warn: quiet, error: quiet };

/** A lamp installed as from a hub, and the hub. */
async function installed() {
  const folder = mkdtempSync(join(tmpdir(), "damaged-"));
  const source = join(import.meta.dirname, "crashing-module.ts");
  const bytes = readFileSync(await bundled(source, join(folder, "lamp.mjs")));
  const file = { digest: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
  const hub = { isHubThere: true, asked: 0, wake: quiet as () => void };
  const files = {
    get isHubThere() {
      return hub.isHubThere;
    },
    async *fetch(_digest: string, offset: number) {
      hub.asked += 1;
      if (!hub.isHubThere) await new Promise<void>((resolve) => (hub.wake = resolve));
      yield new Uint8Array(bytes.subarray(offset));
    },
  };
  const applyStore = await openApplyStore({ folder: join(folder, "apply"), log });
  const receipt = await applyStore.receive(file.digest, file.bytes);
  await receipt.add(bytes);
  await receipt.finish();
  const bundles = new AgentBundles({ clock: systemClock(newSteering()), applyStore, files, log });
  const path = applyStore.pathOf(file.digest);
  const sandbox = await openSandboxes(folder);
  const open = sandbox({ bundle: path, limits: sandboxLimitsDefault, whole: () => bundles.whole(file) });
  const bench = openHostBench("sandbox", open, folder);
  return { bench, hub, path, bytes };
}

test(
  "is told as the state of what ran it, which begins again by itself once the hub has given it anew",
  { timeout: 60_000 },
  async () => {
    const { bench, hub, path, bytes } = await installed();
    await using _ = bench;
    await bench.start("lamp");
    hub.isHubThere = false;
    writeFileSync(path, `${bytes.subarray(0, -20)}          // flipped by the card`);

    bench.apply("lamp", "end", "throw");
    const told = () => bench.reports.filter((line) => line.includes("damaged"));
    await vi.waitFor(() => expect(told()).toEqual([expect.stringContaining("the hub that has it is away")]), {
      timeout: 20_000,
    });
    hub.isHubThere = true;
    hub.wake();
    await vi.waitFor(() => expect(bench.reports.at(-1)).toBe("lamp: running"), { timeout: 20_000 });

    expect(bench.deaths.map(({ reason }) => reason)).toEqual([expect.stringContaining("no such lamp")]);
    expect(readFileSync(path)).toEqual(bytes);
    expect(hub.asked).toBe(1);
  },
);

test(
  "one that stands in node.json and is not there yet is no crash either, and begins when it is",
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "missing-"));
    const source = join(import.meta.dirname, "lamp-module.ts");
    const built = await bundled(source, join(folder, "built.mjs"));
    const sandbox = await openSandboxes(folder);
    const bundle = join(folder, "lamp.mjs");
    await using bench = openHostBench("sandbox", sandbox({ bundle, limits: sandboxLimitsDefault }), folder);

    bench.host.start({ name: "lamp", module: "lamp", settings: {} });
    await vi.waitFor(() => expect(bench.reports).toEqual([expect.stringContaining("ENOENT")]), {
      timeout: 20_000,
    });
    renameSync(built, bundle);
    await vi.waitFor(() => expect(bench.reports.at(-1)).toBe("lamp: running"), { timeout: 20_000 });

    expect(bench.deaths).toEqual([]);
  },
);
