/** The hub's numbers as metrics: `interactor_hub_…`, base units, labels with few values. */
import type { ClockReport } from "@interactor/shared/wire/messages/reported";
import { isHere, nodeStates } from "@interactor/shared/wire/node-state";
import { latencyBounds } from "../feed/latency.ts";
import type { PresenceState } from "../presence/presence.ts";
import type { Router } from "../routing/router.ts";
import type { SiteLedger } from "../ledger/site-ledger.ts";
import { ledgerFamilies } from "./ledger-families.ts";
import type { HubCounters } from "./counters.ts";
import { faultOutcomeNames, faultOutcomes } from "./faults.ts";

export type MetricFamily =
  | {
      readonly kind: "counter" | "gauge";
      readonly name: string;
      readonly help: string;
      readonly samples: readonly {
        readonly labels: Readonly<Record<string, string>>;
        readonly value: number;
      }[];
    }
  | {
      readonly kind: "histogram";
      readonly name: string;
      readonly help: string;
      /** Upper bounds of the buckets, rising, without infinity. */
      readonly bounds: readonly number[];
      /** Observations at or below each bound and above the one before; the last is what was above all. */
      readonly counts: readonly number[];
      readonly sum: number;
    };

export interface Measured {
  readonly version: string;
  readonly counters: HubCounters;
  readonly presence: PresenceState;
  readonly router: Router;
  readonly ledger: SiteLedger;
  readonly feedValues: number;
  readonly feedRefused: number;
  /** Every zone, and whether a show stop holds it. */
  readonly zones: ReadonlyMap<string, boolean>;
  readonly broker: MeasuredBroker;
  readonly journal: MeasuredJournal;
}

export interface MeasuredBroker {
  readonly clients: number;
  readonly usage: {
    readonly sessionsKept: number;
    readonly sessionsAway: number;
    readonly sessionBytes: number;
    readonly retainedMessages: number;
    readonly retainedBytes: number;
    readonly subscriptions: number;
    readonly waitingBytes: number;
  };
}

export interface MeasuredJournal {
  readonly waitingBytes: number;
  readonly problem: string | undefined;
  readonly usage: { readonly commits: number; readonly bytes: number; readonly evicted: number };
}

const one = (value: number, labels: Readonly<Record<string, string>> = {}) => [{ labels, value }];

export function metricFamilies(measured: Measured): readonly MetricFamily[] {
  return [
    ...totals(measured),
    ofStop(measured),
    ...ofFaults(measured.counters),
    ...ofBroker(measured.broker),
    ...ofJournal(measured.journal),
    ...ofNodes(measured),
    ...ofStates(measured),
    ...ofClocks(measured),
    ...ledgerFamilies(measured.ledger, measured.router.queues),
    ...ofRoutes(measured.router),
  ];
}

function totals({ version, counters, feedValues, feedRefused }: Measured): MetricFamily[] {
  const counter = (name: string, help: string, value: number): MetricFamily => ({
    kind: "counter",
    name: `interactor_hub_${name}_total`,
    help,
    samples: one(value),
  });
  return [
    {
      kind: "gauge",
      name: "interactor_hub_build_info",
      help: "Always 1; the version is a label.",
      samples: one(1, { version }),
    },
    counter("messages", "Values taken in from agents.", counters.messages),
    counter("messages_repeated", "Entries that had been taken in before.", counters.repeated),
    counter("messages_missed", "Entries whose numbers were passed over.", counters.missed),
    counter(
      "readings_untimed",
      "Readings that came from the future or took more than a minute: no measure of the way.",
      counters.latency.untimed,
    ),
    counter(
      "feed_refused",
      "Values that were too large to be kept, or more than their node may have.",
      feedRefused,
    ),
    {
      kind: "counter",
      name: "interactor_hub_messages_refused_total",
      help: "Messages refused, by what is wrong with them.",
      samples: counters.refused.entries().map(([reason, value]) => ({ labels: { reason }, value })),
    },
    { kind: "gauge", name: "interactor_hub_values", help: "Public values known.", samples: one(feedValues) },
    {
      kind: "histogram",
      name: "interactor_hub_reading_latency_seconds",
      help: "From a reading's stamp to its arrival at the hub.",
      bounds: latencyBounds,
      counts: counters.latency.counts,
      sum: counters.latency.sum,
    },
  ];
}

const ofStop = ({ zones }: Measured): MetricFamily => ({
  kind: "gauge",
  name: "interactor_hub_show_stop",
  help: "1 while a show stop holds the zone.",
  samples: [...zones].map(([zone, isLatched]) => ({ labels: { zone }, value: isLatched ? 1 : 0 })),
});
function ofFaults({ faults }: HubCounters): MetricFamily[] {
  return faultOutcomeNames.map((outcome) => ({
    kind: "counter",
    name: `interactor_hub_${faultOutcomes[outcome].metric}_total`,
    help: faultOutcomes[outcome].help,
    samples: faults[outcome].entries().map(([reason, value]) => ({ labels: { reason }, value })),
  }));
}

/** What the broker uses, each with a bound in its limits. */
function ofBroker({ clients, usage }: MeasuredBroker): MetricFamily[] {
  const gauge = (name: string, help: string, value: number): MetricFamily => ({
    kind: "gauge",
    name: `interactor_hub_${name}`,
    help,
    samples: one(value),
  });
  return [
    gauge("clients", "MQTT clients connected.", clients),
    gauge(
      "subscriptions",
      "Subscriptions of MQTT clients, those that are away included.",
      usage.subscriptions,
    ),
    gauge("sessions_kept", "Sessions that outlive their connection.", usage.sessionsKept),
    gauge("sessions_away", "Of these, those whose client is away.", usage.sessionsAway),
    gauge("sessions_bytes", "What waits in kept sessions.", usage.sessionBytes),
    gauge("retained_messages", "Retained messages of MQTT clients.", usage.retainedMessages),
    gauge("retained_bytes", "What they take.", usage.retainedBytes),
    gauge("outgoing_bytes", "What clients that are here have not taken or acknowledged.", usage.waitingBytes),
  ];
}

function ofJournal({ waitingBytes, problem, usage }: MeasuredJournal): MetricFamily[] {
  const family = (
    kind: "counter" | "gauge",
    name: string,
    help: string,
    value: number,
  ): Extract<MetricFamily, { readonly kind: "counter" | "gauge" }> => ({
    kind,
    name: `interactor_hub_journal_${name}`,
    help,
    samples: one(value),
  });
  return [
    family("counter", "commits_total", "Commits of what agents send.", usage.commits),
    family("counter", "evicted_total", "Commits that gave way to newer ones.", usage.evicted),
    family("gauge", "bytes", "What the journal takes on disk.", usage.bytes),
    family("gauge", "waiting_bytes", "What waits for the disk; its senders are not confirmed.", waitingBytes),
    family("gauge", "failing", "1 while the disk does not take it.", problem === undefined ? 0 : 1),
  ];
}

function ofNodes({ presence }: Measured): MetricFamily[] {
  const refused = [...presence.values()].flatMap(({ node, reported }) =>
    Object.entries(reported?.refused ?? {})
      .slice(0, agentReasonsMax)
      .map(([reason, value]) => ({ labels: { node, reason }, value })),
  );
  return [
    {
      kind: "gauge",
      name: "interactor_agent_up",
      help: "1 while the node is connected.",
      samples: [...presence.values()].map(({ node, state }) => ({
        labels: { node },
        value: isHere(state) ? 1 : 0,
      })),
    },
    {
      kind: "counter",
      name: "interactor_agent_messages_refused_total",
      help: "Messages the node could not take, by what is wrong with them.",
      samples: refused,
    },
  ];
}

function ofStates({ presence, counters }: Measured): MetricFamily[] {
  const states = [...presence.values()].map(({ state }) => state);
  return [
    {
      kind: "gauge",
      name: "interactor_hub_nodes",
      help: "Nodes known, by their state.",
      samples: nodeStates.map((state) => ({
        labels: { state },
        value: states.filter((each) => each === state).length,
      })),
    },
    {
      kind: "counter",
      name: "interactor_hub_clock_steps_total",
      help: "How often the hub's clock, which is the site's, was set.",
      samples: one(counters.clockSteps),
    },
  ];
}

/** The clocks of the nodes that have said how theirs is. */
function ofClocks({ presence }: Measured): MetricFamily[] {
  const each = (of: (clock: ClockReport) => number | null) =>
    [...presence.values()].flatMap(({ node, reported }) => {
      const value = reported?.clock === undefined ? null : of(reported.clock);
      return value === null ? [] : [{ labels: { node }, value }];
    });
  return [
    {
      kind: "gauge",
      name: "interactor_agent_clock_synchronised",
      help: "1 when the node knows the site's clock.",
      samples: each(({ synchronised }) => (synchronised ? 1 : 0)),
    },
    {
      kind: "gauge",
      name: "interactor_agent_clock_offset_seconds",
      help: "The site's clock less the node's own.",
      samples: each(({ offsetMs }) => offsetMs && offsetMs / 1000),
    },
    {
      kind: "gauge",
      name: "interactor_agent_clock_error_seconds",
      help: "How wrong the node's idea of the site's clock can be.",
      samples: each(({ errorMs }) => errorMs && errorMs / 1000),
    },
    {
      kind: "counter",
      name: "interactor_agent_clock_steps_total",
      help: "How often the node found the hub's clock to have been set.",
      samples: each(({ steps }) => steps),
    },
  ];
}

/** Reasons shown per node: they come over the wire, and a label must not have endless values. */
const agentReasonsMax = 50;

function ofRoutes(router: Router): MetricFamily[] {
  const budgets = router.runners.flatMap(({ route, meter }) => {
    const report = meter?.report();
    return report === undefined ? [] : [[route.name, report] as const];
  });
  const samples = (of: "passed" | "failed") =>
    router.runners.map((runner) => ({ labels: { route: runner.route.name, result: of }, value: runner[of] }));
  return [
    {
      kind: "counter",
      name: "interactor_hub_route_runs_total",
      help: "Values that a route on the hub took, by result.",
      samples: [...samples("passed"), ...samples("failed")],
    },
    {
      kind: "counter",
      name: "interactor_hub_route_over_budget_total",
      help: "Values that a route on the hub with a budget took longer for than it allows.",
      samples: budgets.map(([route, { over }]) => ({ labels: { route }, value: over })),
    },
    {
      kind: "gauge",
      name: "interactor_hub_route_latency_seconds",
      help: "From a reading's stamp to the queue of the node, for routes with a budget: 99 of the last 100.",
      samples: budgets.map(([route, { p99Ms }]) => ({ labels: { route }, value: p99Ms / 1000 })),
    },
  ];
}
