/** One instance inside of a guest: what it is given, and what it says, checked. */
import type { DeclaredPorts } from "../bundle/manifest.ts";
import type { Clock } from "../kernel/clock.ts";
import { Fault, messageOf } from "../kernel/fault.ts";
import type { Random } from "../kernel/random.ts";
import { micros } from "../kernel/units.ts";
import { quality } from "../wire/entry.ts";
import { valueDepthMax } from "../wire/limits.ts";
import { findGiven } from "../wire/messages/port.ts";
import { isOfType, isSame, isSendable, type Value } from "../wire/value.ts";
import type { Applied, Emission, ModuleContext } from "./context.ts";
import type { Instance, Verdict } from "./define-module.ts";
import type { FromGuest, GuestInstance, GuestSetup, LogLevel } from "./guest-messages.ts";
import { GuestMetrics } from "./guest-metrics.ts";
import { GuestServices } from "./guest-services.ts";
import type { ModuleLoader, Prepared } from "./loaded-module.ts";
import { type ModuleStorage, versionKey } from "./services.ts";
import { VersionedStorage } from "./versioned-storage.ts";

/**
 * UTF-16 units of the stack of a start that failed, and of its reason: several times what is told of them, for secrets are
 * taken out before that is cut, and half of one is found by nobody. Both fit into the frame of a sandbox. Longer: cut; what
 * is nearest to the mistake stands first.
 */
const stackLength = 16 * 1024;
const reasonLength = 4096;

export interface GuestWorld {
  /** The site's clock, as far as it is known. */
  readonly clock: Clock & { readonly isSynchronised: boolean };
  readonly random: Random;
}

export class RunningInstance {
  #spec: GuestInstance;
  readonly #setup: GuestSetup;
  readonly #world: GuestWorld;
  readonly #speak: (message: FromGuest) => void;
  readonly #abort = new AbortController();
  readonly services: GuestServices;
  readonly #metrics: GuestMetrics;
  #listener: ((input: string, applied: Applied | undefined) => unknown) | undefined;
  /** What its inputs were told and what is not done with yet. */
  readonly #unfinished = new Set<Promise<unknown>>();
  #instance: Instance | undefined;
  #starting: Promise<void> = Promise.resolve();
  #saidState = "";
  #isEnded = false;

  constructor(
    spec: GuestInstance,
    setup: GuestSetup,
    world: GuestWorld,
    speak: (message: FromGuest) => void,
  ) {
    this.#spec = spec;
    this.#setup = setup;
    this.#world = world;
    this.#speak = speak;
    this.services = new GuestServices(spec.name, (message) => this.#say(message));
    this.#metrics = new GuestMetrics(world.clock, (metrics) => this.#say(["metrics", spec.name, metrics]));
  }

  get module(): string {
    return this.#spec.module;
  }

  start(load: ModuleLoader): Promise<void> {
    this.#starting = this.#start(load);
    return this.#starting;
  }

  apply(input: string, applied: Applied | undefined): void {
    const failed = (error: unknown): void => this.#log("error", `input ${input} failed: ${messageOf(error)}`);
    try {
      const work = this.#listener?.(input, applied);
      if (!(work instanceof Promise)) return;
      const settled: Promise<unknown> = work.catch(failed).then(() => this.#unfinished.delete(settled));
      this.#unfinished.add(settled);
    } catch (error) {
      failed(error);
    }
  }

  /** Resolves when everything is done that was begun before. */
  async finish(): Promise<Verdict> {
    await Promise.all(this.#unfinished);
    return undefined;
  }

  async veto(settings: unknown): Promise<Verdict> {
    return this.#instance?.prepare?.(settings);
  }

  async selfTest(): Promise<Verdict> {
    await this.#starting;
    if (this.#instance === undefined) return "it did not start";
    return this.#instance.selfTest?.();
  }

  async reconfigure(spec: GuestInstance, load: ModuleLoader): Promise<Verdict> {
    await this.#starting;
    if (this.#instance === undefined) return "it did not start";
    const { settings } = (await load(spec.module)).prepare(spec.settings);
    // What comes out of a schema may be more than plain data; what was written is not.
    if (!isPlainlySame(this.#spec.settings, spec.settings)) {
      if (this.#instance.takeSettings === undefined) return "it takes no settings while it runs";
      await this.#instance.takeSettings(settings);
    }
    this.#spec = spec;
    return undefined;
  }

  /** Of an instance that still starts the start is waited for: what it opened must be closed. */
  async stop(next?: GuestInstance, load?: ModuleLoader): Promise<void> {
    this.#abort.abort();
    try {
      await this.#starting;
      await this.#instance?.stop(await this.#settingsIn(next, load));
    } catch (error) {
      this.#log("error", `did not stop well: ${messageOf(error)}`);
    }
    this.#isEnded = true;
    this.#metrics.end();
  }

  /** What this module cannot read is another's, or will not start either: then this one goes for good. */
  async #settingsIn(next: GuestInstance | undefined, load: ModuleLoader | undefined): Promise<unknown> {
    if (next?.module !== this.#spec.module || load === undefined) return undefined;
    try {
      return (await load(next.module)).prepare(next.settings).settings;
    } catch {
      return undefined;
    }
  }

  async #start(load: ModuleLoader): Promise<void> {
    const { name, module, settings } = this.#spec;
    try {
      const prepared = (await load(module)).prepare(settings);
      this.#say(["declared", name, prepared.ports, prepared.code]);
      const context = this.#context(prepared.ports, await this.#migrate(prepared));
      this.#instance = await prepared.start(context);
      this.#say(["started", name]);
      // A module with nothing to wait for need not say that it runs.
      if (this.#saidState === "") context.running();
    } catch (error) {
      const stack = error instanceof Error ? (error.stack ?? "") : "";
      const reason = messageOf(error).slice(0, reasonLength).toWellFormed();
      this.#say(["failed", name, reason, stack.slice(0, stackLength).toWellFormed()]);
    }
  }

  /** Before it is started for the first time after what it keeps was last written by another version of its module. */
  async #migrate({ code, migrate }: Prepared): Promise<ModuleStorage> {
    const { storage } = this.services;
    const versioned = new VersionedStorage(storage, code.version);
    if (migrate === undefined) {
      // One that never keeps anything starts on a full disk too; what it keeps later is marked again.
      versioned.mark().catch(() => undefined);
      return versioned;
    }
    const before = await storage.get(versionKey);
    if (typeof before === "string" && before !== code.version) await migrate(storage, before);
    await versioned.mark();
    return versioned;
  }

  /** What has ended is not heard any more: its name may be another's by now. */
  #say(message: FromGuest): void {
    if (!this.#isEnded) this.#speak(message);
  }

  #log(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void {
    this.#say(["log", this.#spec.name, level, message, details]);
  }

  #sayState(state: string, message: FromGuest): void {
    if (this.#saidState === state) return;
    this.#saidState = state;
    this.#say(message);
  }

  #context(ports: DeclaredPorts, storage: ModuleStorage): ModuleContext {
    const { name, called = name } = this.#spec;
    const log = (level: LogLevel) => (message: string, details?: Readonly<Record<string, unknown>>) =>
      this.#log(level, message, details);
    return {
      name: called,
      ...this.#setup,
      clock: this.#world.clock,
      random: this.#world.random,
      log: { info: log("info"), warn: log("warn"), error: log("error") },
      storage,
      net: this.services.net,
      files: this.services.files,
      serial: this.services.serial,
      metrics: this.#metrics,
      signal: this.#abort.signal,
      emit: (output, value, emission = {}) => this.#emit(ports, output, value, emission),
      onInput: (listener) => {
        this.#listener = listener;
      },
      running: () => this.#sayState("running", ["running", name]),
      degraded: (reason) => this.#sayState(`degraded ${reason}`, ["degraded", name, reason]),
      waiting: (reason) => this.#sayState(`waiting ${reason}`, ["waiting", name, reason]),
    };
  }

  #emit(ports: DeclaredPorts, output: string, value: Value, emission: Emission): void {
    const { name, called = name } = this.#spec;
    const { clock } = this.#world;
    const spec = findGiven(ports, output);
    if (spec === undefined) throw new Fault("OUTPUT_UNKNOWN", `${called} has no output "${output}"`);
    if (!isOfType(value, spec.type)) throw new Fault("OUTPUT_TYPE", `output "${output}" takes ${spec.type}`);
    if (!isSendable(value, valueDepthMax)) {
      throw new Fault(
        "OUTPUT_VALUE",
        `output "${output}": only plain data can be sent, ${valueDepthMax} levels deep`,
      );
    }
    const at = micros(emission.at ?? clock.wall());
    // Beyond 2^53 there are no single µs: it is in nanoseconds, or nonsense.
    if (!Number.isSafeInteger(at) || at < 0)
      throw new Fault("OUTPUT_TIME", `output "${output}": at is no time in µs since 1970`);
    const how = emission.quality ?? quality.good;
    this.#say(["output", name, output, value, at, how, !clock.isSynchronised]);
  }
}

function isPlainlySame(before: unknown, after: unknown): boolean {
  return isSendable(before, valueDepthMax) && isSendable(after, valueDepthMax) && isSame(before, after);
}
