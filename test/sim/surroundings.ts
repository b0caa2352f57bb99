/** What everything in a simulated world shares. */
import type { Log } from "../../agent/src/ports/log.ts";
import type { Chance } from "./chance.ts";
import type { Coverage } from "./coverage.ts";
import type { Observer } from "./observer.ts";
import type { SimBroker } from "./sim-broker.ts";
import type { SimProcess } from "./sim-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const site = "sim";

export interface Surroundings {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly coverage: Coverage;
  readonly observer: Observer;
  /** Of all sources. */
  readonly rawTopics: readonly string[];
  /** Who listens at the hub's port; `undefined`: nobody. */
  readonly broker: () => SimBroker | undefined;
  logOf(process: SimProcess): Log;
}
