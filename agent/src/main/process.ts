/** The agent's process: options in, agent running, and a good end. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Fault } from "@interactor/shared/kernel/fault";
import { sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { newSteering, systemClock } from "../adapters/clock-system.ts";
import { openDataFolder } from "../adapters/data-folder.ts";
import { mqttLink } from "../adapters/hub-link-mqtt/hub-link-mqtt.ts";
import { pinoLog } from "../adapters/log-pino.ts";
import { workerHost } from "../adapters/module-host-worker/module-host-worker.ts";
import { openSpool } from "../adapters/spool-segments/spool-segments.ts";
import { openStateStore } from "../adapters/state-store-files.ts";
import { Agent } from "../agent.ts";
import { spoolLimits } from "../ports/spool.ts";
import { workerOf } from "./modules.ts";
import { openPull } from "./pull.ts";
import { readInstances, readOptions } from "./options.ts";
import { version } from "./version.ts";

/** An end in good order takes at most this long; then the process goes anyway. */
const endTimeout = 1400;

export async function run(): Promise<void> {
  try {
    await serve();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`interactor agent: ${error.message}\n`);
    process.exit(2);
  }
}

async function serve(): Promise<void> {
  const ending = untilTold();
  const { data, site, node, hub, config, zones } = readOptions(process.argv.slice(2), process.env);
  using folder = openDataFolder(data);
  const instances = readInstances(config);
  const log = pinoLog({ name: "interactor-agent", version, node });
  const random = { next: Math.random };
  const steering = newSteering();
  const clock = systemClock(steering);
  const store = await openStateStore(data);
  const spool = await openSpool({
    folder: join(data, "spool"),
    session: sessionOf(randomBytes(sessionBytes)),
    limits: spoolLimits,
    clock,
    log,
  });
  const pull = await openPull({ site, node }, data, clock, log);
  const agent = new Agent(
    {
      site,
      node,
      unit: folder.unit,
      version,
      session: sessionOf(randomBytes(sessionBytes)),
      zones,
      instances,
    },
    {
      clock,
      random,
      log,
      link: pull.over(mqttLink(hub)),
      store,
      spool,
      openHost: (events) =>
        workerHost(
          { file: import.meta.filename, groupOf: workerOf, site, node, steering, random, log },
          events,
        ),
    },
  );
  await agent.start();
  process.stdout.write("ready\n");
  await ending;
  setTimeout(() => process.exit(0), endTimeout).unref();
  await agent[Symbol.asyncDispose]();
  process.exit(0);
}

/** Resolves when somebody wants the process to end: a signal, or the parent that started it is gone. */
function untilTold(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
  process.on("disconnect", () => resolve());
  // Its type says boolean, but without a parent that listens there is no such property.
  const connected: unknown = Reflect.get(process, "connected");
  if (connected === false) resolve();
  // A reader that has gone away is no reason to end.
  process.stdout.on("error", () => undefined);
  return promise;
}
