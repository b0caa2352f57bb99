/** Guests in worker threads: a fault in one cannot take the agent along, but malice can. */
import { Worker } from "node:worker_threads";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { FromGuest, GuestSetup } from "@interactor/shared/sdk/guest-messages";
import type { OpenGuest } from "../../ports/guest-line.ts";

export interface WorkerOptions extends GuestSetup {
  /** The file a worker runs: the agent's own bundle. */
  readonly file: string;
  /** The site's clock, as all threads share it. */
  readonly steering: SharedArrayBuffer;
  /** Guests whose threads go before everything else of the machine, where the agent may say so. */
  readonly urgent: ReadonlySet<string>;
}

/**
 * Heap of one worker in MB. More: it dies and is restarted, and the log says so. Of the young part an idle worker takes one:
 * each packet from the network counts for 64 KB there, and with two of them it was collected thirty times a second.
 */
const heapMax = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };

export function workerGuests({ file, site, node, steering, urgent }: WorkerOptions): OpenGuest {
  return (name, ends) => {
    const workerData = { site, node, steering, isUrgent: urgent.has(name) };
    const worker = new Worker(file, { name, workerData, resourceLimits: heapMax });
    let isOver = false;
    const over = (reason: string) => {
      if (isOver) return;
      isOver = true;
      ends.ended(reason);
    };
    worker.on("message", (message: FromGuest) => {
      // One that was given up may still speak, until it has ended.
      if (!isOver) ends.said(message);
    });
    worker.on("error", (error) => over(messageOf(error)));
    worker.on("exit", (code) => over(`it ended with code ${code}`));
    return {
      post(message) {
        worker.postMessage(message, []);
      },
      async end() {
        isOver = true;
        await worker.terminate();
      },
    };
  };
}
