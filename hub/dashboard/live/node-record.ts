/** What is known of the nodes: births, deaths and reports, folded into one record a node. */
import { unreachable } from "@interactor/shared/kernel/assert";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import type { Birth, Death, NodeStateMessage } from "@interactor/shared/wire/messages/state";
import {
  hasReported,
  healthOf,
  isHere,
  type NodeState as KnownState,
} from "@interactor/shared/wire/node-state";

export interface NodeRecord {
  readonly name: string;
  /** The last one seen. A death replaces the retained birth, so a page that comes later has none. */
  readonly birth: Birth | undefined;
  /** The death of that birth. */
  readonly death: Death | undefined;
  readonly reported: Reported | undefined;
  /** Whether `birth` or `death` came over the connection we have now. What came over an earlier one may have passed. */
  readonly isConfirmed: boolean;
  /** Whether all its instances have once said how they are, in this life. */
  readonly hasBegun: boolean;
}

export type Nodes = ReadonlyMap<string, NodeRecord>;

export type NodeEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "state"; readonly node: string; readonly message: NodeStateMessage }
  | { readonly kind: "reported"; readonly node: string; readonly reported: Reported }
  | { readonly kind: "forgotten"; readonly node: string };

export type NodeState = KnownState | "unknown";

export function stepNodes(nodes: Nodes, event: NodeEvent): Nodes {
  switch (event.kind) {
    case "connected":
      return new Map([...nodes].map(([name, record]) => [name, { ...record, isConfirmed: false }]));
    case "state":
      return changed(nodes, event.node, (record) => withState(record, event.message));
    case "reported":
      return changed(nodes, event.node, (record) => ({ ...record, reported: event.reported }));
    case "forgotten":
      return new Map([...nodes].filter(([name]) => name !== event.node));
    default:
      return unreachable(event);
  }
}

/** In words for people. Without the hub nobody knows how a node is. */
export function nodeState(record: NodeRecord, isHubConnected: boolean): NodeState {
  if (!isHubConnected || !record.isConfirmed) return "unknown";
  return healthOf({ ...record, reported: reportedNow(record) }).state;
}

/** Why it is in its state; of a node that nobody knows about, nothing. */
export const nodeReasons = (record: NodeRecord, isHubConnected: boolean): readonly string[] =>
  isHubConnected && record.isConfirmed ? healthOf({ ...record, reported: reportedNow(record) }).reasons : [];

/** Whether what is said of it is said now. */
export const isNodeHere = (state: NodeState): boolean => state !== "unknown" && isHere(state);

/** The report of an earlier life says nothing of this one. */
const reportedNow = ({ birth, reported }: NodeRecord): Reported | undefined =>
  birth === undefined || reported?.session === birth.session ? reported : undefined;

function changed(nodes: Nodes, name: string, change: (record: NodeRecord) => NodeRecord): Nodes {
  const known = nodes.get(name);
  if (known === undefined && nodes.size >= nodesMax) return nodes;
  const nothing = { birth: undefined, death: undefined, reported: undefined };
  const after = change(known ?? { name, ...nothing, isConfirmed: false, hasBegun: false });
  const isSameLife = known?.birth?.session === after.birth?.session;
  const hasBegun = (isSameLife && after.hasBegun) || hasReported(reportedNow(after));
  return new Map([...nodes, [name, { ...after, hasBegun }]]);
}

function withState(record: NodeRecord, message: NodeStateMessage): NodeRecord {
  if (message.kind === "birth") return { ...record, birth: message, death: undefined, isConfirmed: true };
  // The broker may find out late that an earlier connection has died: its node is long back.
  const { birth, isConfirmed } = record;
  const isOfBirth = birth?.session === message.session && birth.connection === message.connection;
  return isConfirmed && birth !== undefined && !isOfBirth
    ? record
    : { ...record, death: message, isConfirmed: true };
}
