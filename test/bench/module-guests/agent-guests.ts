/** Guests as an agent has them: its module host, with so many of the smallest module. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { micros } from "@interactor/shared/kernel/units";
import { newSteering, systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { processTree } from "../../../agent/src/adapters/module-host-sandbox/process-tree.ts";
import { workerGuests } from "../../../agent/src/adapters/module-host-worker/module-host-worker.ts";
import { systemServices } from "../../../agent/src/adapters/module-services-system/module-services-system.ts";
import { AgentModules } from "../../../agent/src/agent-modules.ts";
import { openSandboxes } from "../../contract/module-host/sandboxes.ts";
import type { OpenGuests } from "./open-guests.ts";

export type ModuleKind = "sandbox" | "worker" | "shared worker";

export interface ModuleFiles {
  readonly folder: string;
  /** What a worker runs. */
  readonly worker: string;
  /** What a sandbox is given. */
  readonly bundle: string;
}

/** Resolves when all run. */
export async function agentGuests(kind: ModuleKind, count: number, files: ModuleFiles): Promise<OpenGuests> {
  const { folder, bundle } = files;
  const sandbox = await openSandboxes(folder);
  const worker = workerGuests({
    file: files.worker,
    site: "demo",
    node: "stage",
    steering: newSteering(),
    urgent: new Set(),
  });
  // The rate of a sandbox is bounded; here its speed is asked for.
  const limits = { ...sandboxLimitsDefault, messagesPerSecond: 1_000_000 };
  let ready = 0;
  const allReady = Promise.withResolvers<void>();
  let answered = (): void => undefined;
  const quiet = (): void => undefined;
  const clock = systemClock(newSteering());
  const host = new AgentModules(
    {
      clock,
      services: systemServices(join(folder, "modules"), clock),
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
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1)
    host.start({ name: `echo-${index}`, module: "echo", settings: {} });
  await allReady.promise;
  return {
    readyMs: performance.now() - startedAt,
    pids: kind === "sandbox" ? sandboxed() : [process.pid],
    trip: (value) =>
      new Promise((resolve) => {
        answered = resolve;
        host.apply("echo-0", "level", { value, at: micros(0), owner: "route" });
      }),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** The processes of all sandboxes, and not of what built their files. */
function sandboxed(): readonly number[] {
  return processTree(process.pid).filter((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return command.startsWith("bwrap") || command.startsWith("/node");
  });
}
