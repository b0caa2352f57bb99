/** The nodes as the HTTP API shows them. */
import type { Micros } from "@interactor/shared/kernel/units";
import type { NodeView } from "@interactor/shared/wire/api";
import type { ClockReport } from "@interactor/shared/wire/messages/reported";
import type { NodePresence } from "../presence/presence.ts";

export interface NodeContext {
  readonly lastSeen: Micros | undefined;
  readonly queued: number;
  /** Digest of what the hub wants it to run; `undefined`: it wants nothing of this node. */
  readonly wanted: string | undefined;
  readonly stop?: NodeView["stop"];
}

export function nodeView(
  presence: NodePresence,
  context: NodeContext,
  isoOf: (at: number) => string,
): NodeView {
  const { birth, reported, death } = presence;
  const until = death?.sleep?.until;
  const owners = Object.entries(reported?.owners ?? {}).map(([address, owner]) => [
    address,
    {
      kind: owner.kind,
      by: owner.by,
      since: isoOf(owner.since),
      ...(owner.until === undefined ? {} : { until: isoOf(owner.until) }),
    },
  ]);
  const instances = Object.entries(birth.instances).map(([name, declared]) => [
    name,
    // An instance may be called `constructor`.
    { ...declared, state: "starting" as const, ...ownOf(reported?.instances, name) },
  ]);
  return {
    node: presence.node,
    state: presence.state,
    reasons: [...presence.reasons],
    since: isoOf(presence.since),
    ...(until === undefined ? {} : { sleeping_until: isoOf(until) }),
    ...(reported?.clock === undefined ? {} : { clock: clockView(reported.clock) }),
    unit: birth.unit,
    agent_version: birth.agentVersion,
    last_seen: isoOf(context.lastSeen ?? birth.at),
    revision: reported?.revision ?? 0,
    converged: reported !== undefined && (context.wanted ?? reported.digest) === reported.digest,
    queued: context.queued,
    instances: Object.fromEntries(instances),
    owners: Object.fromEntries(owners),
    routes: reported?.routes ?? {},
    zones: birth.zones ?? [],
    ...(reported?.machine === undefined ? {} : { machine: reported.machine }),
    ...(reported?.devices === undefined ? {} : { devices: reported.devices }),
    ...(context.stop === undefined ? {} : { stop: context.stop }),
  };
}

const clockView = ({ synchronised, offsetMs, errorMs, steps }: ClockReport): NodeView["clock"] => ({
  synchronised,
  offset_ms: offsetMs,
  error_ms: errorMs,
  steps,
});

const ownOf = <Value>(record: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
