/** The inside of a worker thread: runs instances and speaks for them. */
import type { MessagePort } from "node:worker_threads";
import { type DeclaredPorts, declaredPorts } from "@interactor/shared/bundle/manifest";
import { micros } from "@interactor/shared/kernel/units";
import { valueDepthMax } from "@interactor/shared/wire/limits";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Applied, ModuleContext } from "@interactor/shared/sdk/context";
import type { Instance, ModuleDefinition } from "@interactor/shared/sdk/define-module";
import { quality } from "@interactor/shared/wire/entry";
import { findPort } from "@interactor/shared/wire/messages/port";
import { isOfType, isSendable } from "@interactor/shared/wire/value";
import type { InstanceSpec } from "../../ports/module-host.ts";
import type { SiteClock } from "../../ports/site-clock.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";

/** A module whatever its settings are: parse and start are bound together where their type is known. */
export interface LoadedModule {
  prepare(settings: unknown): Prepared;
}

/** The settings are right: these are the ports, and this starts it. */
export interface Prepared {
  readonly ports: DeclaredPorts;
  start(context: ModuleContext): Promise<Instance> | Instance;
}

export type ModuleLoader = (module: string) => Promise<LoadedModule>;

/** Throws a Fault with words for an installer when the settings are wrong. */
export function loaded<Settings>(definition: ModuleDefinition<Settings>): LoadedModule {
  return {
    prepare(settings) {
      const parsed = definition.settings.safeParse(settings);
      if (!parsed.success) {
        const problems = parsed.error.issues.map(
          (issue) => `${["settings", ...issue.path].join(".")}: ${issue.message}`,
        );
        throw new Fault("SETTINGS_INVALID", problems.join("; "));
      }
      const ports = declaredPorts(definition.manifest, parsed.data);
      if (!ports.ok) throw new Fault("SETTINGS_INVALID", ports.error);
      return { ports: ports.value, start: (context) => definition.start(parsed.data, context) };
    },
  };
}

/** Serves `port` until told to stop. */
export function runWorker(port: MessagePort, setup: WorkerSetup, load: ModuleLoader, clock: SiteClock): void {
  const running = new Map<string, RunningInstance>();
  const say = (message: FromWorker) => port.postMessage(message);
  port.on("message", (message: ToWorker) => {
    switch (message[0]) {
      case "inputs":
        for (const [instance, input, applied] of message[1]) running.get(instance)?.apply(input, applied);
        return;
      case "start": {
        const instance = new RunningInstance(message[1], setup, clock, say);
        running.set(message[1].name, instance);
        void instance.start(load);
        return;
      }
      case "ping":
        say(["pong"]);
        return;
      case "stop":
        void Promise.all([...running.values()].map((instance) => instance.stop())).then(() =>
          say(["stopped"]),
        );
        return;
      default:
        message satisfies never;
    }
  });
}

class RunningInstance {
  readonly #spec: InstanceSpec;
  readonly #setup: WorkerSetup;
  readonly #clock: SiteClock;
  readonly #say: (message: FromWorker) => void;
  readonly #abort = new AbortController();
  #listener: ((input: string, applied: Applied | undefined) => void) | undefined;
  #instance: Instance | undefined;
  #saidState = "";

  constructor(spec: InstanceSpec, setup: WorkerSetup, clock: SiteClock, say: (message: FromWorker) => void) {
    this.#spec = spec;
    this.#setup = setup;
    this.#clock = clock;
    this.#say = say;
  }

  async start(load: ModuleLoader): Promise<void> {
    const { name, module, settings } = this.#spec;
    try {
      const prepared = (await load(module)).prepare(settings);
      this.#say(["declared", name, prepared.ports]);
      const context = this.#context(prepared.ports);
      this.#instance = await prepared.start(context);
      this.#say(["started", name]);
      // A module with nothing to wait for need not say that it runs.
      if (this.#saidState === "") context.running();
    } catch (error) {
      this.#say(["failed", name, messageOf(error)]);
    }
  }

  apply(input: string, applied: Applied | undefined): void {
    try {
      this.#listener?.(input, applied);
    } catch (error) {
      this.#say(["log", this.#spec.name, "error", `input ${input} failed: ${messageOf(error)}`, undefined]);
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    try {
      await this.#instance?.stop();
    } catch (error) {
      this.#say(["log", this.#spec.name, "error", `did not stop well: ${messageOf(error)}`, undefined]);
    }
  }

  #context(ports: DeclaredPorts): ModuleContext {
    const { name } = this.#spec;
    const log =
      (level: "info" | "warn" | "error") => (message: string, details?: Readonly<Record<string, unknown>>) =>
        this.#say(["log", name, level, message, details]);
    const sayState = (state: string, message: FromWorker) => {
      if (this.#saidState === state) return;
      this.#saidState = state;
      this.#say(message);
    };
    return {
      name,
      ...this.#setup,
      clock: this.#clock,
      random: { next: Math.random },
      log: { info: log("info"), warn: log("warn"), error: log("error") },
      signal: this.#abort.signal,
      emit: (output, value, emission = {}) => {
        const spec = findPort(ports.outputs, output);
        if (spec === undefined) throw new Fault("OUTPUT_UNKNOWN", `${name} has no output "${output}"`);
        if (!isOfType(value, spec.type))
          throw new Fault("OUTPUT_TYPE", `output "${output}" takes ${spec.type}`);
        if (!isSendable(value, valueDepthMax)) {
          throw new Fault(
            "OUTPUT_VALUE",
            `output "${output}": only plain data can be sent, ${valueDepthMax} levels deep`,
          );
        }
        const at = emission.at ?? this.#clock.wall();
        if (!Number.isFinite(at) || at < 0)
          throw new Fault("OUTPUT_TIME", `output "${output}": at is no time in µs`);
        const isUnsynchronised = !this.#clock.isSynchronised;
        const how = emission.quality ?? quality.good;
        this.#say(["output", name, output, value, micros(at), how, isUnsynchronised]);
      },
      onInput: (listener) => {
        this.#listener = listener;
      },
      running: () => sayState("running", ["running", name]),
      waiting: (reason) => sayState(`waiting ${reason}`, ["waiting", name, reason]),
    };
  }
}
