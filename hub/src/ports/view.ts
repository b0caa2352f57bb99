/** What the hub shows of itself: to its HTTP interface and whoever reads that. */
import type { RunningModule } from "@interactor/shared/bundle/registry-api";
import type { LedgerResponse, NodesResponse, RoutesResponse } from "@interactor/shared/wire/api";
import type { MetricFamily } from "../core/registry/metric-families.ts";

export interface HubView {
  nodes(): NodesResponse;
  /** All routes, where each runs and why, and how it does. */
  routes(): RoutesResponse;
  /** Instances of these modules, or of all, wherever they run or shall run. */
  running(modules?: ReadonlySet<string>): readonly RunningModule[];
  /** How every message ended, of all nodes or of one; `undefined`: nobody knows that one. */
  ledger(node?: string): LedgerResponse | undefined;
  /** Whether it serves, and if not what is missing. */
  readiness(): { readonly ready: boolean; readonly problems: readonly string[] };
  metrics(): readonly MetricFamily[];
}
