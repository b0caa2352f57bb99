// A program: an agent's module host with so many of the smallest module, in worker threads or in sandboxes. Prints what
// their start took, what memory they have, and how long messages to one of them and back take.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { micros } from "@interactor/shared/kernel/units";
import { newSteering, systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { processTree } from "../../../agent/src/adapters/module-host-sandbox/process-tree.ts";
import { workerGuests } from "../../../agent/src/adapters/module-host-worker/module-host-worker.ts";
import { systemServices } from "../../../agent/src/adapters/module-services-system/module-services-system.ts";
import { AgentModules } from "../../../agent/src/agent-modules.ts";
import { bundled, openSandboxes } from "../../contract/module-host/sandboxes.ts";

export type GuestKind = "sandbox" | "worker" | "shared worker";

export interface GuestFigures {
  readonly readyMs: number;
  /** Of all guests together, in MB: resident, and with what is shared counted by shares. */
  readonly rss: number;
  readonly pss: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

const trips = 2500;
const warmUp = 500;
/** Between two messages, in ms. Without a pause a sandbox would be measured that has used up its share of the processor. */
const pause = 1;

async function measure(kind: GuestKind, count: number): Promise<GuestFigures> {
  const folder = mkdtempSync(join(tmpdir(), "guests-"));
  const here = import.meta.dirname;
  const file = await bundled(join(here, "echo-worker.ts"), join(folder, "worker.mjs"));
  const bundle = await bundled(join(here, "echo-module.ts"), join(folder, "echo.mjs"));
  const sandbox = await openSandboxes(folder);
  const worker = workerGuests({ file, site: "demo", node: "stage", steering: newSteering() });
  // The rate of a sandbox is bounded; here its speed is asked for.
  const limits = { ...sandboxLimitsDefault, messagesPerSecond: 1_000_000 };
  let ready = 0;
  const allReady = Promise.withResolvers<void>();
  let answered = (): void => undefined;
  const quiet = (): void => undefined;
  await using host = new AgentModules(
    {
      clock: systemClock(newSteering()),
      services: systemServices(join(folder, "modules"), systemClock(newSteering())),
      random: { next: () => 0 },
      log: { info: quiet, warn: quiet, error: quiet },
      placeOf: ({ name }) =>
        kind === "sandbox"
          ? { name, kind, open: sandbox({ bundle, limits }) }
          : { name: kind === "worker" ? name : "shared", kind: "worker", open: worker },
    },
    {
      declared: quiet,
      started: quiet,
      beat: quiet,
      output: () => answered(),
      stateChanged(instance, { state, reason }) {
        if (reason !== undefined) throw new Error(`${instance}: ${reason}`);
        if (state === "running") ready += 1;
        if (ready === count) allReady.resolve();
      },
    },
  );
  const before = memoryOf([process.pid]);
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1)
    host.start({ name: `echo-${index}`, module: "echo", settings: {} });
  await allReady.promise;
  const readyMs = performance.now() - startedAt;
  await sleep(2000);
  const own = kind === "sandbox" ? sandboxed() : [process.pid];
  const after = memoryOf(own);
  const [rss, pss] =
    kind === "sandbox" ? [after.rss, after.pss] : [after.rss - before.rss, after.pss - before.pss];

  const times: number[] = [];
  for (let trip = 0; trip < trips; trip += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    answered = resolve;
    const from = performance.now();
    host.apply("echo-0", "level", { value: trip, at: micros(0), owner: "route" });
    await promise;
    if (trip >= warmUp) times.push((performance.now() - from) * 1000);
    await sleep(pause);
  }
  times.sort((left, right) => left - right);
  rmSync(folder, { recursive: true });
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { readyMs, rss, pss, p50Micros: at(0.5), p99Micros: at(0.99) };
}

/** The processes of all sandboxes, and not of what built their files. */
function sandboxed(): readonly number[] {
  return processTree(process.pid).filter((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return command.startsWith("bwrap") || command.startsWith("/node");
  });
}

/** In MB. */
function memoryOf(pids: readonly number[]): { readonly rss: number; readonly pss: number } {
  const sum = { rss: 0, pss: 0 };
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    sum.rss += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
    sum.pss += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
  }
  return sum;
}

const [kind = "worker", count = "1"] = process.argv.slice(2);
if (kind === "worker" || kind === "sandbox" || kind === "shared worker") {
  const figures = await measure(kind, Number(count));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}
