/** A node's record in words: what its card says. Of a node that is away nothing is claimed that may have passed. */
import type { InstanceReport, RouteReport } from "@interactor/shared/wire/messages/reported";
import { instanceState, instanceWords } from "@interactor/shared/wire/node-state";
import { isNodeHere, type NodeRecord, type NodeState } from "../live/node-record.ts";

export interface InstanceLine {
  readonly name: string;
  /** Empty when no birth says it. */
  readonly module: string;
  readonly state: string;
  readonly tone: "good" | "warn" | "bad" | "quiet";
}

export interface RouteLine {
  readonly name: string;
  readonly count: string;
  /** Empty when none has failed. */
  readonly failure: string;
}

export function instanceLines(record: NodeRecord, state: NodeState): InstanceLine[] {
  const declared = record.birth?.instances ?? {};
  const reports = record.reported?.instances ?? {};
  const names = new Set([...Object.keys(declared), ...Object.keys(reports)]);
  return [...names].toSorted().map((name) => {
    const known = declared[name];
    const module = known === undefined ? "" : `${known.module} ${known.version}`;
    return { name, module, ...shownState(reports[name], state) };
  });
}

function shownState(
  report: InstanceReport | undefined,
  node: NodeState,
): Pick<InstanceLine, "state" | "tone"> {
  if (!isNodeHere(node)) return { state: "not known", tone: "quiet" };
  if (report === undefined) return { state: "not reported yet", tone: "quiet" };
  return { state: instanceWords(report), tone: tones[instanceState(report)] };
}

const tones = {
  running: "good",
  starting: "quiet",
  stopped: "quiet",
  degraded: "warn",
  waiting: "warn",
  failed: "bad",
} as const satisfies Record<ReturnType<typeof instanceState>, InstanceLine["tone"]>;

export function routeLines(record: NodeRecord): RouteLine[] {
  return Object.entries(record.reported?.routes ?? {})
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, { passed, failed, error, budget }]: readonly [string, RouteReport]) => ({
      name,
      count: `${passed} passed${budget === undefined || budget.over === 0 ? "" : `, ${budget.over} over budget`}`,
      failure: failed === 0 ? "" : `${failed} failed${error === undefined ? "" : `: ${error}`}`,
    }));
}

/** What the node could not take from the wire, in one line; empty when all was well. */
export function refusedLine({ reported }: NodeRecord): string {
  const refused = Object.entries(reported?.refused ?? {}).filter(([, times]) => times > 0);
  return refused.map(([kind, times]) => `${times} × ${kind}`).join(", ");
}
