/** Assembles what the hub knows of crashes of modules. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { openCrashStore } from "../adapters/store-sqlite/crash-store.ts";
import { HubCrashes } from "../hub-crashes.ts";
import type { Log } from "../ports/log.ts";

export interface Crashes extends AsyncDisposable {
  readonly desk: HubCrashes;
}

export async function openCrashes(data: string, clock: Clock, log: Log): Promise<Crashes> {
  const store = await openCrashStore({ folder: data, clock, log });
  return {
    desk: new HubCrashes({ clock, log, store }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
