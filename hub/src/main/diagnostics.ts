/** Assembles what nodes tell of how their modules are: crashes, and what they measure of themselves. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { openCrashStore } from "../adapters/store-sqlite/crash-store.ts";
import { HubCrashes } from "../hub-crashes.ts";
import { HubMeasured } from "../hub-measured.ts";
import type { Neighbours } from "../hub-neighbours.ts";
import type { Log } from "../ports/log.ts";

export interface Diagnostics extends AsyncDisposable {
  readonly crashes: HubCrashes;
  readonly measured: HubMeasured;
  readonly neighbours: Neighbours;
}

export async function openDiagnostics(data: string, clock: Clock, log: Log): Promise<Diagnostics> {
  const store = await openCrashStore({ folder: data, clock, log });
  const crashes = new HubCrashes({ clock, log, store });
  const measured = new HubMeasured();
  return {
    crashes,
    measured,
    neighbours: {
      crash: (node, payload) => crashes.said(node, payload),
      measured: (node, payload) => ({ refusal: measured.said(node, payload) }),
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
