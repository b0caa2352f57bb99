/** What a node says of itself on its `state` topic, and how it asks to be connected. */
import type { Micros } from "@interactor/shared/kernel/units";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState, type InstanceDeclaration } from "@interactor/shared/wire/messages/state";
import type { Session } from "@interactor/shared/wire/session";
import type { nodeTopics } from "@interactor/shared/wire/topics";

export interface Life {
  readonly session: Session;
  readonly unit: string;
  readonly version: string;
  /** Zones the node is in, beside the one of all. */
  readonly zones: readonly string[];
}

export interface Announced {
  /** Counts the connections of this life from 1. */
  readonly connection: number;
  readonly instances: ReadonlyMap<string, InstanceDeclaration>;
  readonly at: Micros;
  /** Of what comes from the spool next; `undefined`: nothing was ever spooled. */
  readonly spool: Session | undefined;
}

export function birthOf(
  { session, unit, version, zones }: Life,
  { connection, instances, at, spool }: Announced,
): Uint8Array {
  return encodeNodeState({
    v: 1,
    kind: "birth",
    session,
    connection,
    unit,
    agentVersion: version,
    at,
    instances: Object.fromEntries(instances),
    ...(zones.length === 0 ? {} : { zones: [...zones] }),
    ...(spool === undefined ? {} : { spool }),
  });
}

/** `lost` is left with the broker as the will; `stopped` is said in person. */
export const deathOf = ({ session }: Life, connection: number, reason: "lost" | "stopped"): Uint8Array =>
  encodeNodeState({ v: 1, kind: "death", session, connection, reason });

/** What a node hears of its hub; and what of it is looked at before everything else that has come. */
export const listenedTo = ({ stopAll, downAll, desired, round, hubState, stopBase, down }: NodeTopics) => ({
  subscriptions: [stopAll, downAll, desired, round, hubState],
  urgent: [stopBase, down(lane.critical)],
});

type NodeTopics = ReturnType<typeof nodeTopics>;
