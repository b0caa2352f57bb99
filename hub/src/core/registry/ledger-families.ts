/** The loss ledger as metrics: produced = delivered + queued + lost + unaccounted + difference, per hop, node and lane. */
import type { LedgerLane, NodeLedgerView } from "@interactor/shared/wire/api";
import { endAndReason } from "@interactor/shared/wire/ledger";
import type { SiteLedger } from "../ledger/site-ledger.ts";
import type { NodeQueue } from "../queue/node-queue.ts";
import type { MetricFamily } from "./metric-families.ts";

type Way = "up" | "down";
type Samples = Extract<MetricFamily, { kind: "counter" | "gauge" }>["samples"];
type Row = readonly [
  name: string,
  way: Way,
  of: Exclude<keyof LedgerLane, "lane" | "losses" | "refused_there">,
  help: string,
];
type LossRow = readonly [name: string, way: Way, of: "losses" | "refused_there", help: string];

/** Names that end in `_total` are counters, the others gauges. */
const rows: readonly Row[] = [
  ["agent_up_produced_total", "up", "produced", "Messages of a node for the hub."],
  ["agent_up_delivered_total", "up", "delivered", "Messages of a node that the hub has confirmed."],
  ["agent_up_queued", "up", "queued", "Messages of a node that wait or are on the way."],
  [
    "agent_up_unaccounted_at_most_total",
    "up",
    "unaccounted_at_most",
    "Messages missing since a node's process ended suddenly, with those that nobody could count: no more than this.",
  ],
  [
    "agent_up_difference",
    "up",
    "difference",
    "Messages of a node whose end nobody has counted: a bug, unless 0.",
  ],
  ["hub_up_taken_total", "up", "taken", "Messages of a node that the hub took for the first time."],
  ["hub_up_repeated_total", "up", "repeated", "Messages of a node that the hub had taken before."],
  ["hub_up_missed_total", "up", "missed", "Messages of a node whose numbers were passed over."],
  ["hub_down_produced_total", "down", "produced", "Messages for a node."],
  ["hub_down_delivered_total", "down", "delivered", "Messages the node has confirmed."],
  ["hub_down_queued", "down", "queued", "Messages that wait or are on the way."],
  [
    "hub_down_difference",
    "down",
    "difference",
    "Messages for a node whose end nobody has counted: a bug, unless 0.",
  ],
  ["agent_down_taken_total", "down", "taken", "Messages that a node took for the first time."],
  ["agent_down_repeated_total", "down", "repeated", "Messages that a node had taken before."],
  ["agent_down_missed_total", "down", "missed", "Messages for a node whose numbers were passed over."],
];

const lossRows: readonly LossRow[] = [
  ["agent_up_lost_total", "up", "losses", "Messages of a node that ended otherwise than delivered."],
  ["hub_down_lost_total", "down", "losses", "Messages that ended otherwise than delivered."],
  ["agent_down_lost_total", "down", "refused_there", "Messages that a node took and could not do."],
];

export function ledgerFamilies(
  ledger: SiteLedger,
  queues: ReadonlyMap<string, NodeQueue>,
): readonly MetricFamily[] {
  const view = ledger.view("", queues);
  // Commands to nodes that there are not have no node to stand under.
  const nowhere: NodeLedgerView = { node: "", up: [], down: view?.nowhere ?? [] };
  const nodes = [...(view?.nodes ?? []), nowhere];
  const unaccounted = samplesOf(nodes, "up", "unaccounted").map(({ labels, value }) => ({
    labels: { ...labels, reason: "crash" },
    value,
  }));
  const crashHelp = "Messages known to be missing since a node's process ended suddenly.";
  return [
    ...rows.map(([name, way, of, help]) => familyOf(name, help, samplesOf(nodes, way, of))),
    ...lossRows.map(([name, way, of, help]) => familyOf(name, help, lossesOf(nodes, way, of))),
    familyOf("agent_up_unaccounted_total", crashHelp, unaccounted),
  ];
}

const familyOf = (name: string, help: string, samples: Samples): MetricFamily => ({
  kind: name.endsWith("_total") ? "counter" : "gauge",
  name: `interactor_${name}`,
  help,
  samples,
});

const samplesOf = (nodes: readonly NodeLedgerView[], way: Way, of: Row[2]): Samples =>
  nodes.flatMap((view) =>
    view[way].map((lane) => ({ labels: { node: view.node, lane: lane.lane }, value: lane[of] })),
  );

const lossesOf = (nodes: readonly NodeLedgerView[], way: Way, of: LossRow[2]): Samples =>
  nodes.flatMap((view) =>
    view[way].flatMap((lane) =>
      Object.entries(lane[of] ?? {}).map(([kind, value]) => ({
        labels: { node: view.node, lane: lane.lane, ...endAndReason(kind) },
        value,
      })),
    ),
  );
