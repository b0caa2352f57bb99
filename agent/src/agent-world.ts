/** What an agent is told, and what it needs of the world. */
import type { Random } from "@interactor/shared/kernel/random";
import type { Check } from "@interactor/shared/wire/machine-check";
import type { PluggedIn } from "@interactor/shared/wire/plugged-in";
import type { Session } from "@interactor/shared/wire/session";
import type { ApplyStore } from "./ports/apply-store.ts";
import type { HubFiles } from "./ports/hub-files.ts";
import type { HubLink } from "./ports/hub-link.ts";
import type { Log } from "./ports/log.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents } from "./ports/module-host.ts";
import type { Secrets } from "./ports/secrets.ts";
import type { SiteClock } from "./ports/site-clock.ts";
import type { Spool } from "./ports/spool.ts";
import type { StateStore } from "./ports/state-store.ts";
import type { AllowBundles } from "./ports/trust.ts";

export interface AgentOptions {
  readonly site: string;
  readonly node: string;
  readonly unit: string;
  readonly version: string;
  readonly session: Session;
  /** Zones the node is in, beside the one of all. */
  readonly zones: readonly string[];
  /** Those of its own file, beside those of its plan. */
  readonly instances: readonly InstanceSpec[];
}

export interface AgentWorld {
  readonly clock: SiteClock;
  readonly random: Random;
  readonly log: Log;
  readonly link: HubLink;
  readonly store: StateStore;
  readonly applyStore: ApplyStore;
  readonly files: HubFiles;
  /** Whether bundles may be installed. Without it, whatever the hub names is. */
  readonly allow?: AllowBundles;
  readonly secrets: Secrets;
  /** Without one, what is durable is held in memory. */
  readonly spool?: Spool;
  /** What this machine lacks for these instances; `undefined`: nobody has looked yet. */
  readonly machine?: (instances: Iterable<InstanceSpec>) => readonly Check[] | undefined;
  /** What is plugged into it; `undefined`: nobody has looked yet. */
  readonly devices?: () => PluggedIn | undefined;
  openHost(events: ModuleHostEvents): ModuleHost;
  /** The process ends, and is started again by whoever keeps it going. */
  restart(reason: string): void;
}
