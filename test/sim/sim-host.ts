/**
 * The modules of a node: `src` gives numbers, each once in the life of the world, and `sink` writes down what its inputs
 * are set to. What a value is can be told from the number alone, so whoever sees it anywhere knows which one it is.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { ModuleHost, ModuleHostEvents } from "../../agent/src/ports/module-host.ts";
import { quality } from "@interactor/shared/wire/entry";
import type { Value } from "@interactor/shared/wire/value";
import type { Observer } from "./observer.ts";
import type { SimProcess } from "./sim-process.ts";

export const sourcePorts = {
  inputs: {},
  outputs: {
    /** What is: only the newest counts. */
    level: { type: "float" },
    /** What happens: each one counts, for as long as it is of use. */
    event: { type: "int", deliver: "every" },
    /** The same, and before everything else. */
    alarm: { type: "int", deliver: "every", urgent: true },
    /** What must not be lost. */
    log: { type: "int", deliver: "durable" },
    /** Large, so that few of them fill a queue. */
    picture: { type: "bytes", deliver: "every" },
    siren: { type: "bytes", deliver: "every", urgent: true },
    /** Where it goes nobody can take it. */
    label: { type: "text", deliver: "every" },
  },
} as const satisfies DeclaredPorts;

const sinkPorts = {
  inputs: {
    light: { type: "float", actuator: true, stop: -1 },
    lamp: { type: "float", actuator: true, stop: -1 },
    dimmer: { type: "float", actuator: true, stop: -1 },
    /** No actuator: a command that is done twice is seen twice. */
    key: { type: "int" },
    bell: { type: "int" },
    horn: { type: "int" },
    gong: { type: "int" },
    screen: { type: "bytes" },
    beacon: { type: "bytes" },
    number: { type: "int" },
  },
  outputs: {},
} as const satisfies DeclaredPorts;

export type OutputName = keyof typeof sourcePorts.outputs;

export interface GivingNode {
  readonly node: string;
  readonly life: number;
  readonly session: string;
  readonly process: SimProcess;
  readonly observer: Observer;
  readonly isSynchronised: () => boolean;
  readonly wall: () => ReturnType<SimProcess["clock"]["wall"]>;
}

/** Instances take so long to start, in ms. */
const startTakes = 20;

export class SimHost implements ModuleHost {
  readonly #of: GivingNode;
  readonly #events: ModuleHostEvents;
  readonly #started = new Set<string>();

  constructor(of: GivingNode, events: ModuleHostEvents) {
    this.#of = of;
    this.#events = events;
  }

  start({ name }: { readonly name: string }): void {
    this.#of.process.after(startTakes, () => {
      this.#events.declared(name, name === "src" ? sourcePorts : sinkPorts, {
        module: name,
        version: "1",
      });
      this.#started.add(name);
      this.#events.started(name);
      this.#events.stateChanged(name, { state: "running" });
    });
  }

  apply(instance: string, input: string, applied: Parameters<ModuleHost["apply"]>[2]): void {
    if (this.#started.has(instance)) this.#of.observer.applied(this.#of, input, applied);
  }

  prepare(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  selfTest(instance: string): Promise<string | undefined> {
    return Promise.resolve(this.#started.has(instance) ? undefined : "it did not start");
  }

  reconfigure(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  stop(instance: string): Promise<void> {
    this.#started.delete(instance);
    return Promise.resolve();
  }

  /** `src` gives a value. `false`: it has not started. */
  give(output: OutputName, value: Value): boolean {
    const { process, isSynchronised, wall } = this.#of;
    if (!this.#started.has("src") || !process.isAlive) return false;
    this.#events.output({
      instance: "src",
      output,
      value,
      at: wall(),
      quality: quality.good,
      isUnsynchronised: !isSynchronised(),
    });
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#started.clear();
  }
}
