// A worker thread with the smallest module, put together as the agent's are.

import { parentPort, workerData } from "node:worker_threads";
import { loaded } from "@interactor/shared/sdk/loaded-module";
import { systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { runWorker } from "../../../agent/src/adapters/module-host-worker/worker.ts";
import { definition } from "./echo-module.ts";

const { steering, site, node } = workerData;
if (parentPort !== null)
  runWorker(parentPort, { site, node }, async () => loaded(definition), systemClock(steering));
