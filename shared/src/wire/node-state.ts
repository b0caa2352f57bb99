/** How a node is, in the words of the hub, the dashboard and the command line, and why. */
import type { InstanceReport, Reported } from "./messages/reported.ts";
import type { Death } from "./messages/state.ts";

export const nodeStates = ["init", "ready", "degraded", "sleeping", "disconnected", "lost"] as const;
/**
 * `init`: born, its instances have not all said how they are. `degraded`: it works in part. `sleeping`: it has
 * turned itself off on purpose. `disconnected`: it said goodbye. `lost`: it fell silent.
 */
export type NodeState = (typeof nodeStates)[number];

export interface NodeHealth {
  readonly state: NodeState;
  /** In words for people; empty when there is nothing to say. */
  readonly reasons: readonly string[];
}

export interface KnownOfNode {
  /** Of its current connection. */
  readonly death: Death | undefined;
  /** Of its current life. */
  readonly reported: Reported | undefined;
  /** Whether in this life all its instances have once said how they are: one that starts again is no birth. */
  readonly hasBegun: boolean;
  /** What others find wrong with it, in words. */
  readonly problems?: readonly string[];
}

/** Reasons told of one node. More: the rest is counted in one. */
const reasonsMax = 10;

/** Whether a node of this state is connected. */
export const isHere = (state: NodeState): boolean =>
  state === "init" || state === "ready" || state === "degraded";

type HowItIs = Pick<InstanceReport, "state"> & { readonly reason?: string | undefined };

/** Whether an instance does all that it is for. */
export const isWell = ({ state, reason }: HowItIs): boolean => state === "running" && reason === undefined;

/** How an instance is, in one word for people. */
export const instanceState = (report: HowItIs): InstanceReport["state"] | "degraded" =>
  report.state === "running" && !isWell(report) ? "degraded" : report.state;

/** The same with the reason: `degraded: USB: no USB device with serial number EN264168 is plugged in`. */
export const instanceWords = (report: HowItIs): string =>
  `${instanceState(report)}${report.reason === undefined ? "" : `: ${report.reason}`}`;

/** Whether every instance of a node has said how it is. */
export const hasReported = (reported: Reported | undefined): boolean =>
  reported !== undefined && Object.values(reported.instances).every(({ state }) => state !== "starting");

export function healthOf({ death, reported, hasBegun, problems = [] }: KnownOfNode): NodeHealth {
  if (death !== undefined) return healthAfter(death);
  const starting = namesOf(reported, "starting");
  if (reported === undefined || (!hasBegun && starting.length > 0)) {
    const reasons =
      reported === undefined ? ["it has not reported yet"] : starting.map((name) => `${name} is starting`);
    return { state: "init", reasons: shortened([...reasons, ...problems]) };
  }
  const reasons = [
    ...Object.entries(reported.instances).flatMap(([name, report]) =>
      isWell(report) || report.state === "stopped" ? [] : [`${name} is ${instanceWords(report)}`],
    ),
    ...(reported.problems ?? []),
    ...problems,
  ];
  return { state: reasons.length === 0 ? "ready" : "degraded", reasons: shortened(reasons) };
}

function healthAfter({ reason, sleep }: Death): NodeHealth {
  if (reason === "lost") return { state: "lost", reasons: ["it fell silent"] };
  if (sleep === undefined) return { state: "disconnected", reasons: ["it said goodbye"] };
  return { state: "sleeping", reasons: [sleep.reason ?? "it turned itself off"] };
}

const namesOf = (reported: Reported | undefined, wanted: string): string[] =>
  Object.entries(reported?.instances ?? {}).flatMap(([name, { state }]) => (state === wanted ? [name] : []));

const shortened = (reasons: readonly string[]): readonly string[] =>
  reasons.length <= reasonsMax
    ? reasons
    : [...reasons.slice(0, reasonsMax - 1), `and ${reasons.length - reasonsMax + 1} more`];
