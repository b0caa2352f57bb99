/** The agent's process: options in, agent running, and a good end. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Fault } from "@interactor/shared/kernel/fault";
import { sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { openApplyStore } from "../adapters/apply-store-files/apply-store-files.ts";
import { newSteering, systemClock } from "../adapters/clock-system.ts";
import { openDataFolder } from "../adapters/data-folder.ts";
import { mqttLink } from "../adapters/hub-link-mqtt/hub-link-mqtt.ts";
import { pinoLog } from "../adapters/log-pino.ts";
import { systemSecrets } from "../adapters/secrets-system.ts";
import { openSpool } from "../adapters/spool-segments/spool-segments.ts";
import { openStateStore } from "../adapters/state-store-files.ts";
import { Agent } from "../agent.ts";
import type { AgentCrashes } from "../agent-crashes.ts";
import type { Log } from "../ports/log.ts";
import type { SiteClock } from "../ports/site-clock.ts";
import { spoolLimits } from "../ports/spool.ts";
import { AgentLog } from "../agent-log.ts";
import { AgentMeasured } from "../agent-measured.ts";
import { linkWith } from "../agent-neighbours.ts";
import { openCrashes } from "./crashes.ts";
import { modulesOf } from "./module-host.ts";
import { runDoctor, surveyOf, watchMachine } from "./machine.ts";
import { runDevices, watchPlugs } from "./plugs.ts";
import { openProfile } from "./profile.ts";
import { openPull } from "./pull.ts";
import { readInstances, readOptions, readRequired } from "./options.ts";
import { allowBundles } from "./trust.ts";
import { version } from "./version.ts";

/** An end in good order takes at most this long; then the process goes anyway. */
const endTimeout = 1400;
/** EX_TEMPFAIL of sysexits.h: whoever keeps the process going starts it again. */
const restartExit = 75;

/** `file`: the program, which its worker threads run too. */
export async function run(file: string): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  try {
    if (command === "doctor") return await runDoctor(rest);
    if (command === "devices") return await runDevices();
    await serve(file);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`interactor agent: ${error.message}\n`);
    process.exit(2);
  }
}

async function serve(file: string): Promise<void> {
  const ending = Promise.withResolvers<number>();
  whenTold(() => ending.resolve(0));
  const options = readOptions(process.argv.slice(2), process.env);
  const { data, site, node, hub, config, zones, without, trustRoot, secrets } = options;
  using folder = openDataFolder(data);
  const [instances, required] = [readInstances(config), readRequired(config, without)];
  const log = pinoLog({ name: "interactor-agent", version, node });
  const [random, steering] = [{ next: Math.random }, newSteering()];
  const clock = systemClock(steering);
  const { store, applyStore, spool } = await openStores(data, clock, log);
  const pull = await openPull({ site, node }, data, clock, log);
  using crashes = await openCrashes({ site, node, data }, clock, log);
  using measured = new AgentMeasured({ site, node }, clock);
  const survey = surveyOf(data, clock, log);
  const profile = openProfile({ site, node }, clock, log);
  using logs = new AgentLog({ site, node }, { clock, log, without: crashes.without });
  const fileOf = (digest: string): string => applyStore.pathOf(digest);
  const setup = { ...options, file, fileOf, survey, required, steering };
  const telling = tellingBy({ crashes, logs, measured });
  const lacks = watchMachine({ data, survey, required }, { clock, log });
  const plugs = watchPlugs({ clock, log });
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
      link: linkWith(mqttLink(hub), [pull, profile, logs, crashes, measured]),
      store,
      applyStore,
      files: pull.files,
      allow: allowBundles({ data, node, root: trustRoot, source: pull.source, log, fileOf }),
      secrets: crashes.hiding(systemSecrets(process.env, secrets)),
      spool,
      machine: (specs) => lacks()?.concat(plugs.lacks(specs)),
      devices: plugs.devices,
      openHost: logs.around(profile.around(modulesOf(setup, { clock, random, log, ...telling }))),
      restart: (reason) => {
        log.error(`the agent ends, to be started again: ${reason}`, { reason });
        ending.resolve(restartExit);
      },
    },
  );
  await agent.start();
  process.stdout.write("ready\n");
  const code = await ending.promise;
  setTimeout(() => process.exit(code), endTimeout).unref();
  await agent[Symbol.asyncDispose]();
  process.exit(code);
}

/** Who is told what of modules. */
function tellingBy({ crashes, logs, measured }: Told) {
  const crashed: AgentCrashes["crashed"] = (death) => crashes.crashed(death);
  const { tellable, without } = crashes;
  return {
    crashed,
    tellable,
    without,
    logged: logs.take,
    measured: measured.take,
    resting: measured.resting,
  };
}

interface Told {
  readonly crashes: AgentCrashes;
  readonly logs: AgentLog;
  readonly measured: AgentMeasured;
}

/** What it keeps on its disk. */
async function openStores(data: string, clock: SiteClock, log: Log) {
  return {
    store: await openStateStore(data),
    applyStore: await openApplyStore({ folder: join(data, "apply"), log }),
    spool: await openSpool({
      folder: join(data, "spool"),
      session: sessionOf(randomBytes(sessionBytes)),
      limits: spoolLimits,
      clock,
      log,
    }),
  };
}

/** When somebody wants the process to end: a signal, or the parent that started it is gone. */
function whenTold(end: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.on("disconnect", end);
  // Its type says boolean, but without a parent that listens there is no such property.
  const connected: unknown = Reflect.get(process, "connected");
  if (connected === false) end();
  // A reader that has gone away is no reason to end.
  process.stdout.on("error", () => undefined);
}
