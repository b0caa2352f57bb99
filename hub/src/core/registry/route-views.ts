/** The routes as the HTTP API shows them: what they are, where they run and why, and how they do. */
import { nodeOfRoute, placeReason } from "@interactor/shared/routing/place";
import type { RouteRunner } from "@interactor/shared/routing/run-route";
import type { RouteView } from "@interactor/shared/wire/api";
import { lanes } from "@interactor/shared/wire/lanes";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Reported, RouteReport } from "@interactor/shared/wire/messages/reported";

export interface RoutesContext {
  /** Those that run on the hub. */
  readonly runners: readonly RouteRunner[];
  /** What a node last said of itself. */
  readonly reportOf: (node: string) => Reported | undefined;
}

export function routeViews(
  routes: readonly CompiledRoute[],
  { runners, reportOf }: RoutesContext,
): readonly RouteView[] {
  const onHub = new Map(runners.map((runner) => [runner.route.name, runner]));
  return routes.map((route) => {
    const node = nodeOfRoute(route);
    const runner = node === undefined ? onHub.get(route.name) : undefined;
    const report = node === undefined ? reportOfRunner(runner) : ownOf(reportOf(node)?.routes, route.name);
    return {
      name: route.name,
      from: route.from,
      to: route.to,
      ...(route.group === undefined
        ? {}
        : { group: { strategy: route.group.strategy, nodes: [...route.group.nodes] } }),
      through: (route.through ?? []).map(({ kind }) => kind),
      lane: lanes[route.lane],
      place: node ?? null,
      reason: placeReason(route),
      ...(report === undefined ? {} : { runs: runsView(report) }),
    };
  });
}

function reportOfRunner(runner: RouteRunner | undefined): RouteReport | undefined {
  if (runner === undefined) return undefined;
  const { passed, failed, error } = runner;
  const budget = runner.meter?.report();
  return {
    passed,
    failed,
    ...(error === undefined ? {} : { error }),
    ...(budget === undefined ? {} : { budget }),
  };
}

function runsView({ passed, failed, error, budget }: RouteReport): RouteView["runs"] {
  return {
    passed,
    failed,
    ...(error === undefined ? {} : { error }),
    ...(budget === undefined
      ? {}
      : { budget: { budget_ms: budget.budgetMs, p99_ms: budget.p99Ms, over: budget.over } }),
  };
}

const ownOf = <Of>(record: Readonly<Record<string, Of>> | undefined, name: string): Of | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
