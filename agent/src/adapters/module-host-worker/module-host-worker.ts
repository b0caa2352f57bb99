/**
 * Modules in worker threads: a fault in one cannot take the agent along. Light modules share a worker, because
 * one costs about 15 MB; a module that declares `worker: "own"` has one for its instances.
 * A worker that dies is started again with all it ran, later after each death; one that hangs is ended first.
 */
import { Worker } from "node:worker_threads";
import { unreachable } from "@interactor/shared/kernel/assert";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Random } from "@interactor/shared/kernel/random";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import { retryDelays } from "@interactor/shared/supervision/backoff";
import type { Log } from "../../ports/log.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents } from "../../ports/module-host.ts";
import type { FromWorker, InputChange, ToWorker, WorkerSetup } from "./messages.ts";

export interface WorkerHostOptions extends WorkerSetup {
  /** The file a worker runs: the agent's own bundle. */
  readonly file: string;
  /** Which worker an instance of the module goes to; `undefined`: there is no such module. */
  readonly groupOf: (module: string) => string | undefined;
  /** The site's clock, as all threads share it. */
  readonly steering: SharedArrayBuffer;
  readonly random: Random;
  readonly log: Log;
}

/** Good order takes this long at most; then the worker is ended under its instances. */
const stopTimeout = 700;
/** A worker that lived this long has shown that it can: the next restart is quick again. */
const provenAfter = seconds(60);
/** Between two pings of a worker. */
const pingInterval = seconds(1);
/** Pings' time without an answer. More: it hangs, is ended and started again. */
const silencesMax = 5;
/** Until its first answer: loading code takes a slow Pi longer than anything after it. */
const silencesAtStartMax = 30;
/** Heap of one worker in MB. More: it dies and is restarted, and the log says so. */
const heapMax = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 2 };

export function workerHost(options: WorkerHostOptions, events: ModuleHostEvents): ModuleHost {
  const groups = new Map<string, WorkerGroup>();
  const groupOfInstance = new Map<string, WorkerGroup>();
  return {
    start(instance) {
      const name = options.groupOf(instance.module);
      if (name === undefined) {
        events.stateChanged(instance.name, {
          state: "failed",
          reason: `there is no module "${instance.module}"`,
        });
        return;
      }
      const group = groups.get(name) ?? new WorkerGroup(name, options, events);
      groups.set(name, group);
      groupOfInstance.set(instance.name, group);
      group.add(instance);
    },
    apply(instance, input, applied) {
      groupOfInstance.get(instance)?.apply(instance, input, applied);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...groups.values()].map((group) => group.stop()));
    },
  };
}

class WorkerGroup {
  readonly #name: string;
  readonly #options: WorkerHostOptions;
  readonly #events: ModuleHostEvents;
  readonly #instances: InstanceSpec[] = [];
  #changes: InputChange[] = [];
  /** The latest change of each input while the worker is silent: at most one for each input there is. */
  readonly #held = new Map<string, InputChange>();
  #pings: NodeJS.Timeout | undefined;
  #isAnswerDue = false;
  #hasAnswered = false;
  /**
   * Rounds of pings without an answer. Counted, not measured: after a stop of this process the clock would say
   * that every worker hangs.
   */
  #silences = 0;
  #worker: Worker | undefined;
  #delays: Generator<Millis, never>;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;
  #stopped: (() => void) | undefined;

  constructor(name: string, options: WorkerHostOptions, events: ModuleHostEvents) {
    this.#name = name;
    this.#options = options;
    this.#events = events;
    this.#delays = retryDelays(options.random);
    this.#spawn();
  }

  add(instance: InstanceSpec): void {
    this.#instances.push(instance);
    this.#post(["start", instance]);
  }

  apply(instance: string, input: string, applied: Applied | undefined): void {
    if (this.#silences > 0) return this.#hold([instance, input, applied]);
    this.#changes.push([instance, input, applied]);
    if (this.#changes.length === 1) queueMicrotask(() => this.#postChanges());
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    clearInterval(this.#pings);
    if (this.#worker === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopped = resolve;
    this.#post(["stop"]);
    const timer = setTimeout(() => {
      this.#options.log.warn(`worker ${this.#name} did not stop in time and was ended`);
      resolve();
    }, stopTimeout);
    await promise;
    clearTimeout(timer);
    await this.#worker?.terminate();
  }

  /** Sent apart, two inputs that one reading moves would be seen in two frames. */
  #postChanges(): void {
    if (this.#changes.length === 0) return;
    this.#worker?.postMessage(["inputs", this.#changes] satisfies ToWorker);
    this.#changes = [];
  }

  /** What the worker does not take would gather in its inbox without a bound. */
  #hold(change: InputChange): void {
    const address = `${change[0]}/${change[1]}`;
    // What changed last is posted last.
    this.#held.delete(address);
    this.#held.set(address, change);
  }

  #ping(worker: Worker): void {
    if (!this.#isAnswerDue) {
      this.#isAnswerDue = true;
      this.#post(["ping"]);
      return;
    }
    this.#silences += 1;
    const most = this.#hasAnswered ? silencesMax : silencesAtStartMax;
    if (this.#silences < most) return;
    this.#died(worker, `it did not answer for ${(most * pingInterval) / 1000} s`);
    void worker.terminate();
  }

  #answered(): void {
    this.#isAnswerDue = false;
    this.#hasAnswered = true;
    this.#silences = 0;
    this.#changes.push(...this.#held.values());
    this.#held.clear();
    this.#postChanges();
  }

  #post(message: ToWorker): void {
    this.#postChanges();
    this.#worker?.postMessage(message);
  }

  #spawn(): void {
    const { file, site, node, steering } = this.#options;
    const workerData = { site, node, steering };
    const worker = new Worker(file, { name: this.#name, workerData, resourceLimits: heapMax });
    this.#worker = worker;
    this.#startedAt = performance.now();
    this.#isAnswerDue = false;
    this.#hasAnswered = false;
    this.#ping(worker);
    this.#pings = setInterval(() => this.#ping(worker), pingInterval);
    worker.on("message", (message: FromWorker) => {
      // One that was given up may still speak, until it has ended.
      if (this.#worker === worker) this.#receive(message);
    });
    worker.on("error", (error) => this.#died(worker, messageOf(error)));
    worker.on("exit", (code) => this.#died(worker, `it ended with code ${code}`));
  }

  #died(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    clearInterval(this.#pings);
    // An instance that starts again is told what its inputs hold.
    this.#held.clear();
    this.#silences = 0;
    this.#stopped?.();
    if (this.#isStopping) return;
    if (performance.now() - this.#startedAt > provenAfter) this.#delays = retryDelays(this.#options.random);
    const delay = this.#delays.next().value;
    const words = `the worker died: ${reason}; it starts again in ${Math.ceil(delay / 1000)} s`;
    for (const { name } of this.#instances)
      this.#events.stateChanged(name, { state: "failed", reason: words });
    this.#restart = setTimeout(() => {
      this.#spawn();
      for (const instance of this.#instances) this.#post(["start", instance]);
    }, delay);
  }

  #receive(message: FromWorker): void {
    const events = this.#events;
    switch (message[0]) {
      case "output": {
        const [, instance, output, value, at, quality, isUnsynchronised] = message;
        return events.output({ instance, output, value, at, quality, isUnsynchronised });
      }
      case "declared":
        return events.declared(message[1], message[2]);
      case "started":
        return events.started(message[1]);
      case "running":
        return events.stateChanged(message[1], { state: "running" });
      case "waiting":
        return events.stateChanged(message[1], { state: "waiting", reason: message[2] });
      case "failed":
        return events.stateChanged(message[1], { state: "failed", reason: message[2] });
      case "log": {
        const [, instance, level, words, details] = message;
        return this.#options.log[level](`${instance}: ${words}`, { instance, ...details });
      }
      case "pong":
        return this.#answered();
      case "stopped":
        return this.#stopped?.();
      default:
        return unreachable(message);
    }
  }
}
