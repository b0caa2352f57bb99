/** The inside of a worker thread. */
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
