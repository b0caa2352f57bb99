/** Crash reports of nodes: taken in at a slow pace, kept, and told to people. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Instant } from "@interactor/shared/kernel/units";
import type { CrashDetails, CrashSummary } from "@interactor/shared/wire/api-crashes";
import { decodeCrashReport } from "@interactor/shared/wire/messages/crash";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { Heard } from "./hub-neighbours.ts";
import type { CrashOfNode, CrashStore, CrashWanted } from "./ports/crash-store.ts";
import type { Log } from "./ports/log.ts";

/** A node tells one in 5 s. More than one a second in the long run: refuse. */
const reportInterval = 1000;
/** So many at once, when it has connected anew. More: refuse. */
const reportsBurst = 10;
/** What waits for the disk, of all nodes. More: whoever brings more waits. */
const waitingBytesMax = 1024 * 1024;

export interface CrashesWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: CrashStore;
}

export class HubCrashes {
  readonly #world: CrashesWorld;
  /** By node: until when what it said has used up what it may say. */
  readonly #busyUntil = new Map<string, number>();

  constructor(world: CrashesWorld) {
    this.#world = world;
  }

  /** What becomes of a report, and why it is refused when it is. */
  said(node: string, payload: Uint8Array): Heard {
    const { clock, log, store } = this.#world;
    if (store.written.waitingBytes > waitingBytesMax)
      return { verdict: { kind: "later", written: store.written } };
    if (this.#isTooFast(node, clock.now())) return { refusal: "rate" };
    const decoded = decodeCrashReport(payload);
    if (!decoded.ok) return { refusal: decoded.error };
    const report = decoded.value;
    store.add({ node, report }, clock.wall());
    const { id, cause, reason, times, instances } = report;
    const names = instances.map(({ instance }) => instance).join(", ");
    log.warn(`${names} of node ${node} crashed: ${reason}`, { node, id, cause, times });
    return { verdict: { kind: "keep", written: store.written } };
  }

  async list(wanted: CrashWanted): Promise<readonly CrashSummary[]> {
    return (await this.#world.store.list(wanted)).map(summaryOf);
  }

  async find(id: string, node?: string): Promise<readonly CrashDetails[]> {
    return (await this.#world.store.find(id, node)).map(detailsOf);
  }

  #isTooFast(node: string, at: Instant): boolean {
    const until = Math.max(this.#busyUntil.get(node) ?? at, at);
    if (until - at > reportInterval * (reportsBurst - 1)) return true;
    // Who has not been heard for a while has all it may say.
    if (this.#busyUntil.size > nodesMax)
      for (const [each, end] of this.#busyUntil) if (end <= at) this.#busyUntil.delete(each);
    this.#busyUntil.set(node, until + reportInterval);
    return false;
  }
}

const isoOf = (at: number): string => new Date(at / 1000).toISOString();

const summaryOf = ({ node, report }: CrashOfNode): CrashSummary => ({
  id: report.id,
  node,
  guest: report.guest,
  cause: report.cause,
  reason: report.reason,
  instances: report.instances,
  times: report.times,
  first_at: isoOf(report.firstAt),
  last_at: isoOf(report.lastAt),
  unsynchronised: report.isUnsynchronised,
});

function detailsOf(found: CrashOfNode): CrashDetails {
  const { report } = found;
  return {
    ...summaryOf(found),
    stack: report.stack,
    told: report.told,
    said: report.said,
    exit_code: report.code ?? null,
    signal: report.signal ?? null,
    memory_bytes: report.memory ?? null,
    cpu_ms: report.cpuMs ?? null,
    up_ms: report.upMs,
    restarts: report.restarts,
    agent_version: report.agentVersion,
  };
}
