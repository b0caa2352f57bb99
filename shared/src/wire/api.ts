/** The hub's HTTP API, version 1, as the command line and other programs read it: JSON, units in the names. */
import * as z from "zod/mini";
import { inputSpec, outputSpec } from "./messages/port.ts";
import { instanceStates, ownerKinds } from "./messages/reported.ts";
import { nodeStates } from "./node-state.ts";

export const apiPaths = {
  nodes: "/api/v1/nodes",
  health: "/healthz",
  ready: "/readyz",
  metrics: "/metrics",
} as const;

const ownerView = z.object({
  kind: z.enum(ownerKinds),
  by: z.string(),
  /** ISO 8601. */
  since: z.string(),
  until: z.optional(z.string()),
});

const instanceView = z.object({
  module: z.string(),
  version: z.string(),
  state: z.enum(instanceStates),
  reason: z.optional(z.string()),
  inputs: z.record(z.string(), inputSpec),
  outputs: z.record(z.string(), outputSpec),
});

export const nodeView = z.object({
  node: z.string(),
  state: z.enum(nodeStates),
  /** Why it is in this state, in words for people; empty when there is nothing to say. */
  reasons: z.array(z.string()),
  /** Since when. ISO 8601; the hub's clock. */
  since: z.string(),
  /** When a sleeping node means to be back. ISO 8601. */
  sleeping_until: z.optional(z.string()),
  /** What the node knows of the site's clock; missing until it has said so. */
  clock: z.optional(
    z.object({
      synchronised: z.boolean(),
      /** The site's clock less the node's own. */
      offset_ms: z.nullable(z.number()),
      /** How wrong the node's idea of the site's clock can be. */
      error_ms: z.nullable(z.number()),
      /** How often the node found the hub's clock to have been set. */
      steps: z.number(),
    }),
  ),
  unit: z.string(),
  agent_version: z.string(),
  /** ISO 8601; the hub's clock. */
  last_seen: z.string(),
  revision: z.number(),
  /** Whether the node runs the revision the hub wants. */
  converged: z.boolean(),
  /** Messages waiting at the hub for this node. */
  queued: z.number(),
  instances: z.record(z.string(), instanceView),
  /** By `instance/input`; only inputs that have an owner. */
  owners: z.record(z.string(), ownerView),
  /** Routes placed on this node, by name. */
  routes: z.record(
    z.string(),
    z.object({ passed: z.number(), failed: z.number(), error: z.optional(z.string()) }),
  ),
});

const hubRoute = z.object({
  /** `node/instance/port`. */
  from: z.string(),
  to: z.string(),
  passed: z.number(),
  failed: z.number(),
  /** The last failure in words. */
  error: z.optional(z.string()),
});

export const nodesResponse = z.object({
  site: z.string(),
  hub_version: z.string(),
  nodes: z.array(nodeView),
  /** Routes between nodes, which run on the hub, by name. */
  hub_routes: z.record(z.string(), hubRoute),
});

export type NodeView = z.infer<typeof nodeView>;
export type NodesResponse = z.infer<typeof nodesResponse>;
