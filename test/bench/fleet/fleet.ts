// Many agents against one hub, for a bench and a test: they are all born at once, speak steadily, and lose the hub.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, type HubProgram, startHub } from "../../e2e/programs.ts";
import { Remote } from "../../e2e/remote.ts";

export type FleetRequest =
  | {
      readonly kind: "start";
      readonly nodes: number;
      readonly port: number;
      readonly perSecond: number;
      readonly failing: readonly number[];
    }
  | { readonly kind: "look" }
  /** Attempts to connect are counted from now on. */
  | { readonly kind: "forget" }
  /** No output gives anything from now on. */
  | { readonly kind: "hush" };

export interface FleetLook {
  /** Agents that are connected. */
  readonly up: number;
  /** Publishes that the hub has confirmed. */
  readonly confirmed: number;
  /** Values that outputs gave. */
  readonly said: number;
  /** Attempts to connect, and the most of them within one second. */
  readonly attempts: number;
  readonly busiestSecond: number;
  /** From the first agent's first attempt to the last one's, in ms. */
  readonly firstSpan: number;
}

export interface FleetPlan {
  readonly nodes: number;
  /** Values a second of each node. */
  readonly perSecond: number;
  /** By their numbers, nodes on which an instance with the seed 13 does not pass its self-test. */
  readonly failing?: readonly number[];
}

const lookInterval = 250; // ms

export class Fleet implements AsyncDisposable {
  readonly nodes: number;
  hub: HubProgram;
  readonly #program: Remote;

  private constructor(nodes: number, hub: HubProgram, program: Remote) {
    this.nodes = nodes;
    this.hub = hub;
    this.#program = program;
  }

  /** All of them begin to connect in one moment, as after a power cut. */
  static async open({ nodes, perSecond, failing = [] }: FleetPlan): Promise<Fleet> {
    await using undo = new AsyncDisposableStack();
    const hub = undo.use(await startHub());
    const program = undo.use(new Remote([process.execPath, join(import.meta.dirname, "fleet-program.ts")]));
    const port = hub.place.mqttPort ?? 0;
    const start: FleetRequest = { kind: "start", nodes, port, perSecond, failing };
    await program.ask(start);
    undo.move();
    return new Fleet(nodes, hub, program);
  }

  async look(): Promise<FleetLook> {
    return this.#ask({ kind: "look" });
  }

  async forget(): Promise<void> {
    await this.#ask({ kind: "forget" });
  }

  async hush(): Promise<void> {
    await this.#ask({ kind: "hush" });
  }

  /** Waits until the hub calls all of them ready; returns how long that took, in seconds. */
  async untilReady(timeout: number): Promise<number> {
    const startedAt = performance.now();
    const looks = async () => {
      // Metrics of hundreds of nodes cost the hub: it is asked when the nodes think that they are there.
      const { up } = await this.look();
      if (up < this.nodes) return false;
      await sleep(lookInterval);
      return (await this.hub.metric("interactor_hub_nodes", { state: "ready" })) === this.nodes;
    };
    await eventually(`${this.nodes} nodes are ready`, looks, timeout);
    return (performance.now() - startedAt) / 1000;
  }

  /** Kills the hub without a warning, starts it again where it was, and returns how long all took to be back. */
  async restartHub(
    timeout: number,
    /** What to do as soon as the new one accepts. */
    accepts: (hub: HubProgram) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ readonly hubSeconds: number; readonly seconds: number }> {
    await this.forget();
    const killedAt = performance.now();
    await this.hub.signal("SIGKILL");
    this.hub = await startHub(this.hub.place);
    const hubSeconds = (performance.now() - killedAt) / 1000;
    await accepts(this.hub);
    await this.untilReady(timeout);
    return { hubSeconds, seconds: (performance.now() - killedAt) / 1000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
  }

  async #ask(request: FleetRequest): Promise<FleetLook> {
    return (await this.#program.ask(request)) as FleetLook;
  }
}
