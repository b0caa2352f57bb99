// The kinds of guests, each with a module of a test in it.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newSteering } from "../../../agent/src/adapters/clock-system.ts";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { workerGuests } from "../../../agent/src/adapters/module-host-worker/module-host-worker.ts";
import { requires } from "../../e2e/requires.ts";
import { type HostBench, openHostBench } from "./host-bench.ts";
import { bundled, openSandboxes, patientHangMax } from "./sandboxes.ts";

const source = (path: string) => JSON.stringify(new URL(path, import.meta.url));

/** The inside of a real worker. */
const workerCode = (module: string) => `
  import { parentPort, workerData } from "node:worker_threads";
  import { systemClock } from ${source("../../../agent/src/adapters/clock-system.ts")};
  import { runWorker } from ${source("../../../agent/src/adapters/module-host-worker/worker.ts")};
  import { loaded } from ${source("../../../shared/src/sdk/loaded-module.ts")};
  import { definition } from ${source(module)};
  const { steering, site, node } = workerData;
  runWorker(parentPort, { site, node }, async () => loaded(definition), systemClock(steering));
`;

/** `folder`: of a bench before this one, so that what was kept there is found again. */
type OpenBench = (folder?: string) => Promise<HostBench>;

const emptyFolder = (): string => mkdtempSync(join(tmpdir(), "module-host-"));

const inWorker =
  (module: string): OpenBench =>
  async (folder = emptyFolder()) => {
    const file = join(folder, "worker.mjs");
    writeFileSync(file, workerCode(module));
    const open = workerGuests({
      file,
      site: "demo",
      node: "stage",
      steering: newSteering(),
      urgent: new Set(),
      hangMax: patientHangMax,
    });
    return openHostBench("worker", open, folder);
  };

const inSandbox =
  (module: string): OpenBench =>
  async (folder = emptyFolder()) => {
    const sandbox = await openSandboxes(folder);
    const bundle = await bundled(join(import.meta.dirname, module), join(folder, "module.mjs"));
    return openHostBench("sandbox", sandbox({ bundle, limits: sandboxLimitsDefault }), folder);
  };

export const kindsWith = (module: string) =>
  [
    { kind: "worker", openBench: inWorker(module), test: requires() },
    { kind: "sandbox", openBench: inSandbox(module), test: requires("bwrap") },
  ] as const;
