/** The hub's HTTP API, version 1, as the command line and other programs read it: JSON, units in the names. */
import * as z from "zod/mini";
import { lanes } from "./lanes.ts";
import { inputSpec, outputSpec } from "./messages/port.ts";
import { instanceStates } from "./messages/reported.ts";
import { ownerKinds } from "./messages/owners.ts";
import { nodeStates } from "./node-state.ts";
import { pluggedIn } from "./plugged-in.ts";

export const apiPaths = {
  nodes: "/api/v1/nodes",
  routes: "/api/v1/routes",
  /** Of one node: with `/<node>` behind it. */
  ledger: "/api/v1/ledger",
  /** A recording of what the hub took in, see recording.ts; `?since=…&until=…`, ISO 8601. */
  journal: "/api/v1/journal",
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

const latchView = z.object({
  zone: z.string(),
  id: z.string(),
  by: z.string(),
  /** ISO 8601; the hub's clock. */
  since: z.string(),
});

const nodeStopView = z.object({
  /** `local`: it holds this node alone. What the node kept could not be read, or the hub does not know of it. */
  latches: z.array(z.object({ ...latchView.shape, local: z.boolean() })),
  /**
   * From the newest latch's arrival in the agent until every actuator input was told, by the node's clock; `null`: it
   * came in an earlier life of the agent.
   */
  took_ms: z.nullable(z.number()),
  /** From the press's arrival at the hub to the node's answer, by the hub's clock; `null`: not pressed in this hub's life. */
  answered_ms: z.nullable(z.number()),
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
  /** By `instance/input`; only inputs that have an owner. Those that a show stop holds are not listed: see `stop`. */
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
  /** What its machine lacks, once its agent has looked; see machine-check.ts. */
  machine: z.optional(
    z.array(z.object({ check: z.string(), state: z.enum(["degraded", "missing"]), words: z.string() })),
  ),
  /** What is plugged into its machine, once its agent has looked. */
  devices: z.optional(pluggedIn),
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

const routeView = z.object({
  name: z.string(),
  /** `node/instance/output`, or a filter over outputs. */
  from: z.string(),
  /** `node/instance/input`; with a group, its name in place of the node's. */
  to: z.string(),
  group: z.optional(z.object({ strategy: z.string(), nodes: z.array(z.string()) })),
  /** Its operators, in their order. */
  through: z.array(z.string()),
  lane: z.enum(lanes),
  /** The node it runs on; `null`: on the hub. */
  place: z.nullable(z.string()),
  /** Why it runs there, in words. */
  reason: z.string(),
  /** How often it ran, in the words of whoever runs it. Missing: its node has not said. */
  runs: z.optional(
    z.object({
      passed: z.number(),
      failed: z.number(),
      /** The last failure in words. */
      error: z.optional(z.string()),
      /** Of one with a budget: of the last values, 99 of 100 took no longer than `p99_ms`; `over`: values that did. */
      budget: z.optional(z.object({ budget_ms: z.number(), p99_ms: z.number(), over: z.number() })),
    }),
  ),
});

export const routesResponse = z.object({
  site: z.string(),
  revision: z.number(),
  routes: z.array(routeView),
});

export type RouteView = z.infer<typeof routeView>;
export type RoutesResponse = z.infer<typeof routesResponse>;
export type LatchView = z.infer<typeof latchView>;
const losses = z.record(z.string(), z.number());

const ledgerLane = z.object({
  lane: z.enum(lanes),
  /** produced = delivered + queued + losses + unaccounted + difference. */
  produced: z.number(),
  delivered: z.number(),
  queued: z.number(),
  /** By end and reason, such as `expired ttl`. */
  losses,
  /** Known to be missing since the process that held them ended without a word. */
  unaccounted: z.number(),
  /** The same with those that nobody could count. */
  unaccounted_at_most: z.number(),
  /** Not 0: a bug. */
  difference: z.number(),
  /** What the other side took for the first time, took again, and never saw. */
  taken: z.number(),
  repeated: z.number(),
  missed: z.number(),
  /** What the node took and did not do, by end and reason. */
  refused_there: z.optional(losses),
});

const nodeLedgerView = z.object({
  node: z.string(),
  /** Node → hub; empty while nothing is known. */
  up: z.array(ledgerLane),
  /** Hub → node. */
  down: z.array(ledgerLane),
});

export const ledgerResponse = z.object({
  site: z.string(),
  /** Whether every difference is 0. */
  balanced: z.boolean(),
  nodes: z.array(nodeLedgerView),
  /** What had no node to go to: commands to nodes that there are not, values for groups without anybody. */
  nowhere: z.array(ledgerLane),
});

export type LedgerLane = z.infer<typeof ledgerLane>;
export type NodeLedgerView = z.infer<typeof nodeLedgerView>;
export type LedgerResponse = z.infer<typeof ledgerResponse>;
export type NodeView = z.infer<typeof nodeView>;
export type NodesResponse = z.infer<typeof nodesResponse>;
