/** What is known of the nodes: births, deaths and reports, folded into one record a node. */
import { unreachable } from "@interactor/shared/kernel/assert";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import type { Birth, Death, NodeStateMessage } from "@interactor/shared/wire/messages/state";

export interface NodeRecord {
  readonly name: string;
  /** The last one seen. A death replaces the retained birth, so a page that comes later has none. */
  readonly birth: Birth | undefined;
  /** The death of that birth. */
  readonly death: Death | undefined;
  readonly reported: Reported | undefined;
  /** Whether `birth` or `death` came over the connection we have now. What came over an earlier one may have passed. */
  readonly isConfirmed: boolean;
}

export type Nodes = ReadonlyMap<string, NodeRecord>;

export type NodeEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "state"; readonly node: string; readonly message: NodeStateMessage }
  | { readonly kind: "reported"; readonly node: string; readonly reported: Reported }
  | { readonly kind: "forgotten"; readonly node: string };

export type NodeState = "ready" | "lost" | "stopped" | "unknown";

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
  return record.death === undefined ? "ready" : record.death.reason;
}

function changed(nodes: Nodes, name: string, change: (record: NodeRecord) => NodeRecord): Nodes {
  const known = nodes.get(name);
  if (known === undefined && nodes.size >= nodesMax) return nodes;
  const blank = { name, birth: undefined, death: undefined, reported: undefined, isConfirmed: false };
  return new Map([...nodes, [name, change(known ?? blank)]]);
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
