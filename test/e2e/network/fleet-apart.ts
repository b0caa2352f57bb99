// A hub and ten nodes as they are shipped, each in a network namespace of its own, with a serial line that speaks and a
// universe that shows. Each node's level goes to its own channel 2 over a route on the node, and to channel 1 of the
// next node over a route on the hub.

import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { type AgentProgram, type HttpAnswer, type HubProgram, startAgent, startHub } from "../programs.ts";
import { Remote } from "../remote.ts";
import { untilRunning } from "../room.ts";
import { openTtyPair } from "../tty-pair.ts";
import type { DelayQuestion } from "./delay-proxy.ts";
import { hubAddress, lightAddress, mqttPort, Network } from "./network.ts";
import type { Delays, Look, WatcherQuestion } from "./watcher.ts";

export const nodeNames = Array.from({ length: 10 }, (_, index) => `n${index}`);
/** Stands behind a proxy that can delay what it carries. */
export const proxiedNode = "n3";
export const floodPlace = "flood";
/** Levels are said this often, in ms. */
const talkEvery = 200;
const httpPort = 8080;

const program = (name: string): string => join(import.meta.dirname, `${name}.ts`);

export class FleetApart implements AsyncDisposable {
  readonly network: Network;
  readonly hub: HubProgram;
  readonly agents: ReadonlyMap<string, AgentProgram>;
  readonly #watcher: Remote;
  readonly #proxy: Remote;
  readonly #kept: AsyncDisposable;
  #revisions = 0;

  private constructor(parts: Parts, kept: AsyncDisposable) {
    this.network = parts.network;
    this.hub = parts.hub;
    this.agents = parts.agents;
    this.#watcher = parts.watcher;
    this.#proxy = parts.proxy;
    this.#kept = kept;
  }

  static async open(zones: Readonly<Record<string, string>>): Promise<FleetApart> {
    await using undo = new AsyncDisposableStack();
    const network = undo.use(await Network.open([...nodeNames, floodPlace]));
    const watcher = undo.use(remoteAt(network.hub.prefix, "watcher"));
    const ask = (question: WatcherQuestion) => watcher.ask(question);
    const fetch = async (url: string) => (await ask({ kind: "get", url })) as HttpAnswer;
    const { prefix } = network.hub;
    const hub = undo.use(await startHub({ routes: routesOf(0), prefix, httpPort, mqttPort, fetch }));
    const proxy = undo.use(remoteAt(network.at(proxiedNode).prefix, "delay-proxy"));
    const way: DelayQuestion = { kind: "open", host: hubAddress, port: mqttPort };
    const proxyPort = Number(await proxy.ask(way));
    const ttys = await Promise.all(nodeNames.map(async () => undo.use(await openTtyPair())));
    const lines = nodeNames.map((node, index) => ({ node, device: ttys[index]?.devicePath ?? "" }));
    const ports = (await ask({ kind: "lights", address: lightAddress, lines })) as readonly number[];
    undo.defer(async () => void (await ask({ kind: "hush" })));
    const agents = new Map<string, AgentProgram>();
    for (const [index, node] of nodeNames.entries()) {
      const address = node === proxiedNode ? `127.0.0.1:${proxyPort}` : `${hubAddress}:${mqttPort}`;
      const zone = zones[node];
      const agent = await startAgent({
        node,
        hub: `mqtt://${address}`,
        prefix: network.at(node).prefix,
        instances: instancesOf(ttys[index]?.path ?? "", ports[index] ?? 0, index + 1),
        ...(zone === undefined ? {} : { zones: [zone] }),
      });
      agents.set(node, undo.use(agent));
    }
    await Promise.all(nodeNames.map((node) => untilRunning(hub, node)));
    await ask({ kind: "watch", mqtt: hub.mqtt });
    await ask({ kind: "talk", every: talkEvery });
    return new FleetApart({ network, hub, agents, watcher, proxy }, undo.move());
  }

  agent(node: string): AgentProgram {
    const agent = this.agents.get(node);
    if (agent === undefined) throw new Error(`no agent ${node}`);
    return agent;
  }

  ask(question: WatcherQuestion): Promise<unknown> {
    return this.#watcher.ask(question);
  }

  async look(): Promise<Look> {
    return (await this.#watcher.ask({ kind: "look" } satisfies WatcherQuestion)) as Look;
  }

  async delays(): Promise<Delays> {
    return (await this.#watcher.ask({ kind: "delays" } satisfies WatcherQuestion)) as Delays;
  }

  async delay(delay: number): Promise<void> {
    await this.#proxy.ask({ kind: "delay", delay } satisfies DelayQuestion);
  }

  /** Desires something new: a route more on every node, to its channel 4. Returns the revision at the hub. */
  async desireMore(): Promise<number> {
    const before = Math.max(...(await this.hub.nodes()).map(({ revision }) => revision));
    this.#revisions += 1;
    await writeFile(this.hub.routesFile, routesOf(this.#revisions));
    return before + 1;
  }

  /** Runs the `interactor` command beside the hub; gives what it said, whatever its exit code. */
  async interactor(...words: readonly string[]): Promise<string> {
    const cli = join(import.meta.dirname, "../../../dist/cli/interactor.mjs");
    const command = [process.execPath, cli, ...words, "--hub", this.hub.http];
    return this.network.hub.run("sh", "-c", `${command.join(" ")} 2>&1 || true`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept[Symbol.asyncDispose]();
  }
}

interface Parts {
  readonly network: Network;
  readonly hub: HubProgram;
  readonly agents: ReadonlyMap<string, AgentProgram>;
  readonly watcher: Remote;
  readonly proxy: Remote;
}

/** A program of ours in a namespace. */
export const remoteAt = (prefix: readonly string[], name: string): Remote =>
  new Remote([...prefix, process.execPath, program(name)]);

function routesOf(revision: number): string {
  const lines = nodeNames.flatMap((node, index) => {
    const next = nodeNames[(index + 1) % nodeNames.length];
    return [
      `{ name: across-${node}, from: ${node}/desk/level, to: ${next}/stage/ch1 }`,
      `{ name: local-${node}, from: ${node}/desk/level, to: ${node}/stage/ch2 }`,
      ...(revision === 0
        ? []
        : [`{ name: more-${node}-${revision}, from: ${node}/desk/level, to: ${node}/stage/ch4 }`]),
    ];
  });
  return `routes:\n${lines.map((line) => `  - ${line}\n`).join("")}`;
}

const instancesOf = (path: string, port: number, universe: number) => ({
  desk: {
    module: "serial",
    settings: {
      path,
      format: "json",
      discardFirst: false,
      outputs: { level: { type: "int" }, count: { type: "int", deliver: "durable" } },
    },
  },
  stage: {
    module: "dmx",
    settings: { universe, sacn: { to: [lightAddress], port }, dimmers: { wash: { channel: 100 } } },
  },
  visitor: { module: "simulated", settings: { rate: 10 } },
});
