/** A worker thread: loads the code of the modules it is told to run. */
import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod/mini";
import { invariant } from "@interactor/shared/kernel/assert";
import { Fault } from "@interactor/shared/kernel/fault";
import { systemClock } from "../adapters/clock-system.ts";
import { loaded, type ModuleLoader } from "@interactor/shared/sdk/loaded-module";
import { goFirst, runWorker } from "../adapters/module-host-worker/worker.ts";
import { builtInCode } from "./built-in-code.ts";

const load: ModuleLoader = (module) => builtInCode(module, () => imported(module));

async function imported(module: string): ReturnType<ModuleLoader> {
  switch (module) {
    case "bridge":
      return loaded((await import("../../modules/bridge/module.ts")).definition);
    case "dmx":
      return loaded((await import("../../modules/dmx/module.ts")).definition);
    case "firmata":
      return loaded((await import("../../modules/firmata/module.ts")).definition);
    case "gpio":
      return loaded((await import("../../modules/gpio/module.ts")).definition);
    case "host":
      return loaded((await import("../../modules/host/module.ts")).definition);
    case "i2c":
      return loaded((await import("../../modules/i2c/module.ts")).definition);
    case "midi":
      return loaded((await import("../../modules/midi/module.ts")).definition);
    case "osc":
      return loaded((await import("../../modules/osc/module.ts")).definition);
    case "serial":
      return loaded((await import("../../modules/serial/module.ts")).definition);
    case "simulated":
      return loaded((await import("../../modules/simulated/module.ts")).definition);
    case "statechart":
      return loaded((await import("../../modules/statechart/module.ts")).definition);
    default:
      throw new Fault("MODULE_UNKNOWN", `there is no module "${module}"`);
  }
}

const setup = z.object({ site: z.string(), node: z.string() });
const sharing = z.object({ steering: z.instanceof(SharedArrayBuffer), isUrgent: z.boolean() });

export function run(): void {
  invariant(parentPort !== null, "a worker has a parent");
  const { steering, isUrgent } = sharing.parse(workerData);
  if (isUrgent) goFirst();
  runWorker(parentPort, setup.parse(workerData), load, systemClock(steering));
}
