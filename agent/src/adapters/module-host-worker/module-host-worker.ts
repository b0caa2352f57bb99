/** Guests in worker threads: a fault in one cannot take the agent along, but malice can. */
import { Worker } from "node:worker_threads";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { type Millis, millis } from "@interactor/shared/kernel/units";
import type { FromGuest, GuestSetup } from "@interactor/shared/sdk/guest-messages";
import { profiledStack } from "./profiled-stack.ts";
import type { GuestEnd, OpenGuest, ProfileWanted } from "../../ports/guest-line.ts";

export interface WorkerOptions extends GuestSetup {
  /** The file a worker runs: the agent's own bundle. */
  readonly file: string;
  /** The site's clock, as all threads share it. */
  readonly steering: SharedArrayBuffer;
  /** Guests whose threads go before everything else of the machine, where the agent may say so. */
  readonly urgent: ReadonlySet<string>;
  /** How long one that hangs may take to say where. Longer: it is ended without. */
  readonly hangMax?: Millis;
}

/**
 * Heap of one worker in MB. More: it dies and is restarted, and the log says so. Of the young part an idle worker takes one:
 * each packet from the network counts for 64 KB there, and with two of them it was collected thirty times a second.
 */
const heapMax = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };

export function workerGuests({ file, site, node, steering, urgent, hangMax }: WorkerOptions): OpenGuest {
  return (name, ends) => {
    const workerData = { site, node, steering, isUrgent: urgent.has(name) };
    const worker = new Worker(file, { name, workerData, resourceLimits: heapMax });
    let isOver = false;
    const usage = new WorkerUsage(worker);
    const over = (reason: string, end: GuestEnd) => {
      usage[Symbol.dispose]();
      if (isOver) return;
      isOver = true;
      ends.ended(reason, { ...usage.last, ...end });
    };
    worker.on("message", (message: FromGuest) => {
      // One that was given up may still speak, until it has ended.
      if (!isOver) ends.said(message);
    });
    worker.on("error", (error) => over(messageOf(error), endOf(error)));
    worker.on("exit", (code) => over(`it ended with code ${code}`, { cause: "error", code }));
    return {
      get usage() {
        return usage.last;
      },
      post(message) {
        worker.postMessage(message, []);
      },
      profile: (wanted) => profileOf(worker, wanted),
      hangsAt: () => hangsAt(worker, hangMax ?? hangMaxDefault),
      async end() {
        isOver = true;
        await worker.terminate();
      },
    };
  };
}

const endOf = (error: unknown): GuestEnd => ({
  cause:
    error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
      ? "memory"
      : "error",
  stack: (error instanceof Error ? error.stack : undefined) ?? "",
});

/** Between two looks at what a worker uses: for its crash report alone. */
const lookInterval = 5000;

/** A worker cannot be asked any more when it has ended. */
class WorkerUsage implements Disposable {
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;
  last: Pick<GuestEnd, "memory" | "cpuMs"> = {};

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#timer = setInterval(() => void this.#look(), lookInterval);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const [heap, cpu] = await Promise.all([this.#worker.getHeapStatistics(), this.#worker.cpuUsage()]);
      this.last = {
        memory: heap.used_heap_size + heap.external_memory,
        cpuMs: (cpu.user + cpu.system) / 1000,
      };
    } catch {
      // It is just ending; what was known before stays.
    }
  }
}

/** V8 looks at the thread every millisecond. */
const hangLook = 100;
/** One that waits in native code is not reached. Longer: it does not say. */
const hangMaxDefault = millis(3000);

/** V8 interrupts the thread for it, whatever JavaScript it runs. */
async function hangsAt(worker: Worker, hangMax: Millis): Promise<string> {
  let isOver = false;
  const looked = async (): Promise<string> => {
    for (;;) {
      const profile = await worker.startCpuProfile();
      await sleep(hangLook);
      const stack = profiledStack(await profile.stop());
      // On a busy machine the thread may not have had a turn in so short a time.
      if (stack !== "" || isOver) return stack;
    }
  };
  try {
    return await Promise.race([looked(), sleep(hangMax, "", { ref: false })]);
  } finally {
    isOver = true;
  }
}

/** A snapshot stops the thread while it is made, about a second for so much here; silent for five it would be ended. */
const heapProfiledMax = 24 * 1024 * 1024;

async function* profileOf(worker: Worker, { what, span }: ProfileWanted): AsyncGenerator<Uint8Array> {
  try {
    if (what === "heap") yield* await heapOf(worker);
    else {
      const profile = await worker.startCpuProfile();
      await sleep(span);
      yield Buffer.from(await profile.stop());
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("PROFILE_FAILED", messageOf(error), { cause: error });
  }
}

async function heapOf(worker: Worker): Promise<AsyncIterable<Uint8Array>> {
  const { used_heap_size: used } = await worker.getHeapStatistics();
  if (used <= heapProfiledMax) return await worker.getHeapSnapshot();
  const [has, most] = [used, heapProfiledMax].map((bytes) => `${Math.ceil(bytes / 1024 / 1024)} MB`);
  throw new Fault("PROFILE_TOO_LARGE", `its heap has ${has}, and a snapshot is made of ${most} at most`);
}
