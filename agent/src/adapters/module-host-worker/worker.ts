/** The inside of a worker thread. */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { basename } from "node:path";
import type { MessagePort } from "node:worker_threads";
import { Guest } from "@interactor/shared/sdk/guest";
import type { GuestSetup, ToGuest } from "@interactor/shared/sdk/guest-messages";
import type { ModuleLoader } from "@interactor/shared/sdk/loaded-module";
import type { SiteClock } from "../../ports/site-clock.ts";

/** Serves `port` until told to stop. */
export function runWorker(port: MessagePort, setup: GuestSetup, load: ModuleLoader, clock: SiteClock): void {
  const world = { clock, random: { next: Math.random } };
  const guest = new Guest(setup, load, world, (message) => port.postMessage(message));
  port.on("message", (message: ToGuest) => guest.take(message));
}

/** As audio servers have it: before what computes, behind what the kernel needs. */
const urgentNiceness = -10;

/** This thread goes before others of the machine, where the agent may have that. Linux knows a thread by its number. */
export function goFirst(): void {
  try {
    setPriority(Number(basename(readlinkSync("/proc/thread-self"))), urgentNiceness);
  } catch {
    // Whoever may not, or is not on Linux, takes its turn like others.
  }
}
