/** The hub as its HTTP interface sees it. */
import { nodeView } from "./core/registry/node-views.ts";
import { routeViews } from "./core/registry/route-views.ts";
import { metricFamilies } from "./core/registry/metric-families.ts";
import { whoRuns } from "./core/registry/who-runs.ts";
import type { RouteRunner } from "@interactor/shared/routing/run-route";
import type { NodesResponse } from "@interactor/shared/wire/api";
import type { Hub } from "./hub.ts";
import type { HubMeasured } from "./hub-measured.ts";
import type { Broker } from "./ports/broker.ts";
import type { Journal } from "./ports/journal.ts";
import type { HubView } from "./ports/view.ts";

const isoOf = (at: number): string => new Date(at / 1000).toISOString();

function hubRoutes(runners: readonly RouteRunner[]): NodesResponse["hub_routes"] {
  const views = runners.map(({ route: { name, from, to }, passed, failed, error }) => [
    name,
    { from, to, passed, failed, ...(error === undefined ? {} : { error }) },
  ]);
  return Object.fromEntries(views);
}

export interface Viewed {
  readonly broker: Broker;
  readonly journal: Journal;
  readonly measured: Pick<HubMeasured, "families">;
}

/** `problems` names what keeps the hub from being ready; empty: nothing does. */
export function viewOf(
  hub: Hub,
  { broker, journal, measured }: Viewed,
  problems: () => readonly string[],
): HubView {
  return {
    nodes: () => ({
      site: hub.options.site,
      hub_version: hub.options.version,
      hub_routes: hubRoutes(hub.router.runners),
      stop: hub.showStop.view(isoOf),
      nodes: [...hub.presence.state.values()].map((presence) =>
        nodeView(
          presence,
          {
            lastSeen: hub.presence.lastSeen.of(presence.node),
            queued: hub.router.queues.get(presence.node)?.queued ?? 0,
            wanted: hub.site.wants(presence.node),
            stop: hub.showStop.nodeView(presence.node, presence.reported?.stop, isoOf),
          },
          isoOf,
        ),
      ),
    }),
    routes: () => ({
      site: hub.options.site,
      revision: hub.site.revision,
      routes: [
        ...routeViews(hub.site.routes, {
          runners: hub.router.runners,
          reportOf: (node) => hub.presence.state.get(node)?.reported,
        }),
      ],
    }),
    running: (modules) => whoRuns(hub.site.modules, hub.presence.state, modules),
    ledger: (node) => hub.ledger.view(hub.options.site, hub.router.queues, node),
    readiness: () => ({ ready: problems().length === 0, problems: problems() }),
    metrics: () => [
      ...measured.families((node) => hub.presence.isHere(node)),
      ...metricFamilies({
        version: hub.options.version,
        counters: hub.counters,
        presence: hub.presence.state,
        router: hub.router,
        ledger: hub.ledger,
        feedValues: hub.feed.values,
        feedRefused: hub.feed.refused,
        zones: hub.showStop.zones,
        broker,
        journal,
      }),
    ],
  };
}
