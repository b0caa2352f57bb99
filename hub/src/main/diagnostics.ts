/** Assembles what nodes tell of how their modules are: crashes, and what they measure of themselves. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { openCrashStore } from "../adapters/store-sqlite/crash-store.ts";
import type { HubCounters } from "../core/registry/counters.ts";
import { HubCrashes, takingDiagnostics } from "../hub-crashes.ts";
import { HubMeasured } from "../hub-measured.ts";
import type { BrokerRules } from "../ports/broker.ts";
import type { Log } from "../ports/log.ts";

export interface Diagnostics extends AsyncDisposable {
  readonly crashes: HubCrashes;
  readonly measured: HubMeasured;
  /** The same rules, by which nodes tell of these too. */
  rules(rules: BrokerRules, counters: Pick<HubCounters, "refused">): BrokerRules;
}

export async function openDiagnostics(data: string, clock: Clock, log: Log): Promise<Diagnostics> {
  const store = await openCrashStore({ folder: data, clock, log });
  const crashes = new HubCrashes({ clock, log, store });
  const measured = new HubMeasured();
  return {
    crashes,
    measured,
    rules: (rules, { refused }) =>
      takingDiagnostics(rules, { crashes, measured }, (reason) => refused.add(reason)),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
