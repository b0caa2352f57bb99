/**
 * `interactor demo`: a hub and an agent in processes of their own, on this machine's loopback. This process only
 * keeps them: it starts them, says how they are, starts again what dies, and takes them down with it.
 */
import { join, resolve } from "node:path";
import { bundles, forOwnModules } from "./bundles.ts";
import { type DemoFolder, openDemoFolder } from "./demo/data-folder.ts";
import { listenForInterruption } from "./demo/interruption.ts";
import { type GivingUp, Keeper, restartDelay } from "./demo/keeper.ts";
import { LogFile } from "./demo/log-file.ts";
import { choosePort, loopback, type PortChoice } from "./demo/ports.ts";
import { Progress } from "./demo/progress.ts";
import { ensureRevision, instancesOfRevision } from "./demo/first-revision.ts";
import { awaitNode, demoNode, instancesIn, watchProblems } from "./demo/watch.ts";
import { commandFault, type ExitCode, exitCode } from "./exit.ts";
import { formatSpan, painterFor } from "./output.ts";

export interface DemoOptions {
  readonly data?: string;
  readonly httpPort?: number;
  readonly mqttPort?: number;
  readonly site?: string;
  readonly color: boolean;
}

const dataDefault = ".interactor";
const portDefaults = { http: 8080, mqtt: 1883 } as const;

/** Runs until somebody ends it. Throws a Fault, before anything runs, when it cannot start as it was asked. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  // A terminal that is gone must not keep us from ending what we started.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const interruption = listenForInterruption();
  using folder = await openDemoFolder(resolve(options.data ?? dataDefault));
  const ports = await choosePorts(options);
  using hubLog = new LogFile(folder.logOf("hub"));
  using agentLog = new LogFile(folder.logOf("agent"));
  const progress = new Progress(process.stderr, painterFor(process.stderr, options.color, process.env));
  const demo = new Demo({ folder, ports, hubLog, agentLog, progress, site: options.site ?? "demo" });
  const failure = demo.start();
  const reason = await Promise.race([interruption.first, failure]);
  if (reason === undefined) progress.say("ending …");
  const isForced = await Promise.race([demo.end().then(() => false), interruption.second.then(() => true)]);
  if (isForced) await demo.kill();
  if (reason !== undefined) throw reason;
  return isForced ? exitCode.interrupted : exitCode.ok;
}

interface Ports {
  readonly http: PortChoice;
  readonly mqtt: PortChoice;
}

async function choosePorts({ httpPort, mqttPort }: DemoOptions): Promise<Ports> {
  if (httpPort !== undefined && httpPort !== 0 && httpPort === mqttPort) {
    throw commandFault("USAGE", `--http-port and --mqtt-port are both ${httpPort}: give two ports`);
  }
  const http = { option: "--http-port", use: "HTTP", given: httpPort, fallback: portDefaults.http };
  const mqtt = { option: "--mqtt-port", use: "MQTT", given: mqttPort, fallback: portDefaults.mqtt };
  return { http: await choosePort(http), mqtt: await choosePort(mqtt) };
}

interface Parts {
  readonly folder: DemoFolder;
  readonly ports: Ports;
  readonly hubLog: LogFile;
  readonly agentLog: LogFile;
  readonly progress: Progress;
  readonly site: string;
}

/** Where the hub serves: known once it does, and kept when it is started again. */
interface HubPlace {
  readonly url: string;
  readonly mqtt: string;
}

class Demo {
  readonly #parts: Parts;
  readonly #hub: Keeper;
  readonly #agent: Keeper;
  readonly #failure = Promise.withResolvers<Error>();
  readonly #ending = new AbortController();
  #place: HubPlace | undefined;
  #isAgentUp = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#hub = new Keeper(
      { name: "hub", file: bundles.hub, args: () => this.#hubArguments(), log: parts.hubLog },
      {
        ready: (words) => this.#hubReady(words),
        died: (how) => this.#died("hub", how),
        gaveUp: (why) => this.#gaveUp("hub", why),
      },
    );
    this.#agent = new Keeper(
      { name: "agent", file: bundles.agent, args: () => this.#agentArguments(), log: parts.agentLog },
      {
        ready: () => this.#agentReady(),
        died: (how) => this.#died("agent", how),
        gaveUp: (why) => this.#gaveUp("agent", why),
      },
    );
  }

  /** Resolves, with the reason, only when it cannot go on. */
  start(): Promise<Error> {
    this.#hub.start();
    return this.#failure.promise;
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#hub.end(), this.#agent.end()]);
  }

  async kill(): Promise<void> {
    this.#hub.kill();
    this.#agent.kill();
    await this.end();
  }

  #hubArguments(): readonly string[] {
    const { folder, ports, site } = this.#parts;
    const place = this.#place;
    const http = place === undefined ? String(ports.http.port) : new URL(place.url).port;
    const mqtt = place === undefined ? String(ports.mqtt.port) : new URL(place.mqtt).port;
    const where = ["--host", loopback, "--http-port", http, "--mqtt-port", mqtt];
    const { description } = folder;
    const routes = description.kind === "parts" ? ["--routes", description.routes] : [];
    return ["--data", folder.hub, "--site", site, ...routes, ...where];
  }

  #agentArguments(): readonly string[] {
    const { folder, site } = this.#parts;
    const hub = this.#place?.mqtt ?? `mqtt://${loopback}:${portDefaults.mqtt}`;
    const { description } = folder;
    const config = description.kind === "parts" ? ["--config", description.config] : [];
    // The hub of the demo is its own: its development key is what the node believes in.
    const root = ["--trust-root", join(folder.hub, "trust", "repository", "metadata", "1.root.json")];
    const who = ["--data", folder.agent, "--site", site, "--node", demoNode, "--hub", hub];
    return [...who, ...config, ...root, ...forOwnModules];
  }

  #hubReady([url, , mqtt]: readonly string[]): void {
    const { progress, ports } = this.#parts;
    if (this.#place !== undefined) return progress.good("hub", "is back");
    if (url === undefined || mqtt === undefined || !URL.canParse(url)) {
      return this.#failure.resolve(commandFault("FAILED", "the hub said that it is ready, but not where"));
    }
    this.#place = { url, mqtt: `mqtt://${mqtt}` };
    for (const [choice, now] of [
      [ports.http, url],
      [ports.mqtt, mqtt],
    ] as const) {
      if (choice.taken !== undefined)
        progress.warn("port", `${choice.taken} is taken by something else; using ${now}`);
    }
    progress.good("hub", url);
    void this.#follow(url).catch((error: unknown) => {
      if (!this.#ending.signal.aborted)
        this.#failure.resolve(error instanceof Error ? error : new Error(String(error)));
    });
    return undefined;
  }

  #agentReady(): void {
    if (this.#isAgentUp) this.#parts.progress.good("agent", "is back");
    this.#isAgentUp = true;
  }

  /** Says how the start goes on, then watches over what people edit. */
  async #follow(url: string): Promise<void> {
    const { progress, folder } = this.#parts;
    const { signal } = this.#ending;
    const { description, path: logs } = folder;
    const hub = { url, source: "the demo" };
    if (description.kind === "site") {
      for (const file of description.passedOver) progress.warn("site", `${file} is not read any more`);
      await ensureRevision(hub, description.file, progress);
    }
    this.#agent.start();
    const expected =
      description.kind === "site"
        ? await instancesOfRevision(hub, demoNode)
        : instancesIn(description.config);
    await awaitNode(hub, { progress, signal, logs, expected });
    process.stdout.write(`ready ${url}\n`);
    this.#invite(url);
    await watchProblems(hub, { progress, signal, name: description.kind === "site" ? "hub" : "routes" });
  }

  #invite(url: string): void {
    const { progress, folder } = this.#parts;
    if (!process.stderr.isTTY) return;
    progress.say(`Open ${url} in a browser. Ctrl-C ends the demo; its data is in ${folder.path}.`);
    if (folder.description.kind !== "site") return;
    progress.say(`Edit ${folder.description.file}, then: npx interactor config plan`);
    progress.say(`                              and: npx interactor config apply -m "what it is for"`);
    progress.say("Write a module of your own: npx interactor module create blink");
  }

  #died(name: string, how: string): void {
    this.#parts.progress.bad(name, `${how}; it is started again in ${formatSpan(restartDelay)}`);
  }

  #gaveUp(name: string, why: GivingUp): void {
    if (why.kind === "usage") return this.#failure.resolve(commandFault("USAGE", why.line));
    const { path } = this.#parts.folder;
    const reason = `the ${name} dies again and again (${why.how}); its log is ${path}/${name}.log`;
    return this.#failure.resolve(commandFault("FAILED", reason));
  }
}
