/** A bench for a module's tests: one instance with a clock and a random source of its own. */
import { declaredPorts } from "../bundle/manifest.ts";
import type { Clock } from "../kernel/clock.ts";
import { Fault } from "../kernel/fault.ts";
import { type Random, seededRandom } from "../kernel/random.ts";
import { findGiven } from "../wire/messages/port.ts";
import { isOfType, type Value } from "../wire/value.ts";
import type { Applied, Emission, ModuleContext } from "./context.ts";
import type { ModuleDefinition, Verdict } from "./define-module.ts";
import type { ModuleStorage } from "./services.ts";

export interface Emitted {
  readonly output: string;
  readonly value: Value;
  readonly emission: Emission;
}

export interface Bench {
  /** All that was emitted, oldest first. */
  readonly emitted: readonly Emitted[];
  /** `running`, `degraded: <reason>` or `waiting: <reason>`, in the order they were said. */
  readonly states: readonly string[];
  /** Log lines as `level message`. */
  readonly logged: readonly string[];
  /** Sets an input as the switchboard would; `undefined` releases it. */
  apply(input: string, value: Value | undefined, owner?: Applied["owner"]): void;
  /** What is wrong with the instance, as it says itself. */
  selfTest(): Promise<Verdict>;
  /** `next`: the settings that it is started again with at once. */
  stop(next?: unknown): Promise<void>;
}

export interface BenchOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly name?: string;
  /** What the instance keeps: given again, it is as after a restart. */
  readonly stored?: Map<string, Value>;
  /** What the instance measures of itself, by name. */
  readonly metrics?: Map<string, number>;
  /** Files that are granted, by their paths. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** Starts one instance as the module host would: settings parsed, ports checked on every emit. */
export async function startOnBench<Settings>(
  definition: ModuleDefinition<Settings>,
  settings: unknown,
  options: BenchOptions,
): Promise<Bench> {
  const parsed = definition.settings.safeParse(settings);
  if (!parsed.success) throw new Fault("SETTINGS_INVALID", JSON.stringify(parsed.error.issues));
  const ports = declaredPorts(definition.manifest, parsed.data);
  if (!ports.ok) throw new Fault("SETTINGS_INVALID", ports.error);
  const emitted: Emitted[] = [];
  const states: string[] = [];
  const logged: string[] = [];
  let listener: ((input: string, applied: Applied | undefined) => unknown) | undefined;
  const abort = new AbortController();
  const write = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  const context: ModuleContext = {
    name: options.name ?? "bench",
    site: "test",
    node: "bench",
    clock: options.clock,
    random: options.random ?? seededRandom(1),
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    storage: storageOf(options.stored ?? new Map()),
    net: { connect: ({ host, port }) => Promise.reject(notGranted("host", `${host}:${port}`)) },
    serial: {
      list: async () => [],
      open: (path) => Promise.reject(notGranted("serial", path)),
      flash: (path) => Promise.reject(notGranted("serial", path)),
    },
    metrics: metricsOf(options.metrics ?? new Map()),
    files: { read: (path) => fileIn(options.files ?? {}, path) },
    signal: abort.signal,
    emit(output, value, emission = {}) {
      const spec = findGiven(ports.value, output);
      if (spec === undefined) throw new Fault("OUTPUT_UNKNOWN", `no output "${output}"`);
      if (!isOfType(value, spec.type)) throw new Fault("OUTPUT_TYPE", `output "${output}" is ${spec.type}`);
      emitted.push({ output, value, emission });
    },
    onInput(given) {
      listener = given;
    },
    running: () => void states.push("running"),
    degraded: (reason) => void states.push(`degraded: ${reason}`),
    waiting: (reason) => void states.push(`waiting: ${reason}`),
  };
  const instance = await definition.start(parsed.data, context);
  return {
    emitted,
    states,
    logged,
    apply(input, value, owner = "route") {
      listener?.(input, value === undefined ? undefined : { value, at: options.clock.wall(), owner });
    },
    selfTest: async () => instance.selfTest?.(),
    async stop(next) {
      abort.abort();
      await instance.stop(next === undefined ? undefined : definition.settings.parse(next));
    },
  };
}

const storageOf = (stored: Map<string, Value>): ModuleStorage => ({
  get: async (key) => stored.get(key),
  set: async (key, value) => void stored.set(key, value),
  delete: async (key) => void stored.delete(key),
  keys: async () => [...stored.keys()],
});

const metricsOf = (all: Map<string, number>): ModuleContext["metrics"] => ({
  count: (name, by = 1) => void all.set(name, (all.get(name) ?? 0) + by),
  set: (name, value) => void all.set(name, value),
});

async function fileIn(files: Readonly<Record<string, Uint8Array>>, path: string): Promise<Uint8Array> {
  const bytes = Object.hasOwn(files, path) ? files[path] : undefined;
  if (bytes === undefined) throw notGranted("file", path);
  return bytes;
}

const notGranted = (kind: string, name: string): Fault =>
  new Fault("NOT_GRANTED", `${kind} "${name}" is not granted on a bench`);
