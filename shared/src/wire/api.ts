/** The hub's HTTP API, version 1, as the command line and other programs read it: JSON, units in the names. */
import * as z from "zod/mini";
import { inputSpec, outputSpec } from "./messages/port.ts";
import { instanceStates, ownerKinds } from "./messages/reported.ts";

export const apiPaths = {
  nodes: "/api/v1/nodes",
  health: "/healthz",
  ready: "/readyz",
  metrics: "/metrics",
} as const;

const nodeStates = ["ready", "lost", "stopped"] as const;

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

const latchView = z.object({
  zone: z.string(),
  id: z.string(),
  by: z.string(),
  /** ISO 8601; the hub's clock. */
  since: z.string(),
});

const nodeStopView = z.object({
  /** `local`: the node's own, because what it kept could not be read. */
  latches: z.array(z.object({ ...latchView.shape, local: z.boolean() })),
  /** From the latch's arrival in the agent until every actuator input was told, by the node's clock. */
  took_ms: z.number(),
  /** From the hub's sending to the node's answer, by the hub's clock; `null`: it answered before this hub's life. */
  answered_ms: z.nullable(z.number()),
});

export const nodeView = z.object({
  node: z.string(),
  state: z.enum(nodeStates),
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
  /** Zones the node is in, beside `all`. */
  zones: z.optional(z.array(z.string())),
  /** There while a show stop holds the node, as it last said. */
  stop: z.optional(nodeStopView),
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
  /** The show stop: zones that can be stopped, and what holds them. */
  stop: z.optional(z.object({ zones: z.array(z.string()), latches: z.array(latchView) })),
});

export type LatchView = z.infer<typeof latchView>;
export type NodeView = z.infer<typeof nodeView>;
export type NodesResponse = z.infer<typeof nodesResponse>;
