/** Assembles what becomes of crash reports. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { openCrashStore } from "../adapters/crash-store-files.ts";
import { AgentCrashes } from "../agent-crashes.ts";
import type { Log } from "../ports/log.ts";
import type { SiteClock } from "../ports/site-clock.ts";
import { version } from "./version.ts";

export interface CrashesPlace {
  readonly site: string;
  readonly node: string;
  /** The agent's data folder. */
  readonly data: string;
}

export async function openCrashes(
  { site, node, data }: CrashesPlace,
  clock: SiteClock,
  log: Log,
): Promise<AgentCrashes> {
  const store = await openCrashStore(join(data, "crashes"));
  const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
  const crashes = new AgentCrashes({ site, node, version }, { clock, log, store, digestOf });
  await crashes.load();
  return crashes;
}
