/** The hub's process: options in, hub serving, and a good end. */
import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { openBroker } from "../adapters/broker-aedes/broker-aedes.ts";
import { steadyWall, systemClock, systemUptime } from "../adapters/clock-system.ts";
import { openDataFolder } from "../adapters/data-folder.ts";
import { openHttp } from "../adapters/http-fastify/http-fastify.ts";
import { pinoLog } from "../adapters/log-pino.ts";
import { openJournal } from "../adapters/store-sqlite/journal.ts";
import { openBrokerStore } from "../adapters/store-sqlite/store-sqlite.ts";
import { takeFormerRoutes } from "./former-routes.ts";
import { openStopStore } from "../adapters/stop-store-files.ts";
import { Hub } from "../hub.ts";
import { controlOf } from "../hub-control.ts";
import { withNeighbours } from "../hub-neighbours.ts";
import { viewOf } from "../hub-view.ts";
import { journalLimits } from "../ports/journal.ts";
import type { JournalSpan } from "../ports/journal-reader.ts";
import type { Log } from "../ports/log.ts";
import { openDiagnostics } from "./diagnostics.ts";
import { boundHeap } from "./heap.ts";
import { type Options, readOptions } from "./options.ts";
import { record, recordingOf } from "./record.ts";
import { watchRoutes } from "./routes-watch.ts";
import { openSiteWorld } from "./site-world.ts";
import { openLooks } from "./looks.ts";
import { openTrust } from "./trust.ts";
import { version } from "./version.ts";

/** An end in good order takes at most this long; then the process goes anyway. */
const endTimeout = 1400;

export async function run(): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  try {
    await (command === "record" ? record(rest) : serve());
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`interactor hub: ${error.message}\n`);
    process.exit(2);
  }
  process.exit(0);
}

async function serve(): Promise<void> {
  const ending = untilTold();
  const options = readOptions(process.argv.slice(2), process.env);
  const { data, site } = options;
  using _folder = openDataFolder(data);
  const log = pinoLog({ name: "interactor-hub", version, site });
  const [clock, uptime] = [systemClock(), systemUptime()];
  await using journal = await openJournal({ folder: data, limits: journalLimits, clock, uptime, log });
  await using trust = await openTrust(data, clock, log);
  await using diagnostics = await openDiagnostics(data, clock, log);
  const looks = openLooks(clock, log);
  const file = import.meta.filename;
  await using kept = await openSiteWorld({ data, site, clock, log, file, trust: trust.desk });
  const hub = new Hub(
    { ...options, version, session: sessionOf(randomBytes(sessionBytes)) },
    {
      ...kept,
      random: { next: Math.random },
      journal,
      stopStore: openStopStore(data, log),
    },
  );
  await hub.load();
  await takeFormerRoutes(data, hub.site, log);
  // The routes come first: an agent that connects at once must not be told that there are none.
  using routes = await watchRoutes(options.routes, hub.site, log);
  await hub.resume();
  await using store = await openBrokerStore({ folder: data, limits: options.limits, clock, log });
  const wall = steadyWall(clock);
  const rules = withNeighbours(hub, [trust, looks, diagnostics], hub.counters);
  await using broker = await openBroker({ ...mqttOf(options), store, wall }, rules);
  const problems = () => [
    ...routes.problems(),
    ...hub.site.problems(),
    ...[journal, store, hub.showStop].flatMap(({ problem }) => problem ?? []),
  ];
  boundHeap({ entries: () => hub.counters.entries, arrivals: broker.arrivals });
  hub.start(broker, problems);
  trust.serve(broker, site, (digest) => hub.site.plan(digest));
  looks.serve(broker, site);
  await using http = await openHttp(
    {
      ...placeOf(options),
      dashboard: join(import.meta.dirname, "dashboard"),
      acceptMqtt: (stream, address) => broker.accept(stream, address),
      faulted: (...told) => hub.faulted(...told),
      trust: trust.desk,
      registry: trust.registry,
      crashes: diagnostics.crashes,
      ...looks.desks,
    },
    viewOf(hub, { broker, journal, measured: diagnostics.measured }, problems),
    controlOf(hub),
  );
  // The first to end: a release that was asked just now must not come back as a stop.
  await using _showStop = hub.showStop;
  await announce(options, { http: http.port, mqtt: broker.port }, log);
  await ending;
  await rm(join(data, "hub.json"), { force: true });
  setTimeout(() => process.exit(0), endTimeout).unref();
  hub.stop();
}

const mqttOf = ({ mqttHost, mqttPort, limits }: Options) => ({ host: mqttHost, port: mqttPort, limits });

const placeOf = ({ httpHost, httpPort, site, data }: Options) => ({
  host: httpHost,
  port: httpPort,
  site,
  record: (span: JournalSpan) => recordingOf(data, site, span),
});

/** Says where the hub is: to whoever started it, and to the command line by `hub.json`. */
async function announce(
  { data, site, httpHost, mqttHost }: Options,
  ports: { readonly http: number; readonly mqtt: number },
  log: Log,
): Promise<void> {
  const [http, mqtt] = [httpHost, mqttHost].map((host) => (host.includes(":") ? `[${host}]` : host));
  const address = {
    http: `http://${http}:${ports.http}`,
    mqtt: `mqtt://${mqtt}:${ports.mqtt}`,
    site,
    pid: process.pid,
  };
  const path = join(data, "hub.json");
  try {
    await writeFile(`${path}.new`, `${JSON.stringify(address, undefined, 2)}\n`);
    await rename(`${path}.new`, path);
  } catch (error) {
    log.error("hub.json cannot be written: the command line must be told --hub", { cause: messageOf(error) });
  }
  process.stdout.write(`ready ${address.http} mqtt ${mqtt}:${ports.mqtt}\n`);
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
