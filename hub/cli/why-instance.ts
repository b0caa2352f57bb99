/** `interactor why NODE` and `why NODE/INSTANCE`: how it is, and what became of it before. */
import { nearest } from "@interactor/shared/kernel/nearest";
import type { NodeView } from "@interactor/shared/wire/api";
import type { CrashSummary } from "@interactor/shared/wire/api-crashes";
import { checkKind } from "@interactor/shared/wire/machine-check";
import { instanceWords, isWell } from "@interactor/shared/wire/node-state";
import { isName } from "@interactor/shared/wire/names";
import { crashWords, fetchCrashes } from "./crash.ts";
import { commandFault } from "./exit.ts";
import { fetchNodes, type HubAddress } from "./hub-client.ts";
import { formatAge, printable } from "./output.ts";

/** Crashes that are told here; `interactor crash list` has all. */
const crashesShown = 3;

export interface Place {
  readonly node: string;
  readonly instance: string | undefined;
  readonly port?: never;
}

/** `undefined`: it is an address of something else. */
export function placeIn(text: string): Place | undefined {
  const [node, instance, ...more] = text.split("/");
  if (node === undefined || !isName(node) || more.length > 0) return undefined;
  return instance === undefined || isName(instance) ? { node, instance } : undefined;
}

export async function placeLines(place: Place, hub: HubAddress, isJson: boolean): Promise<readonly string[]> {
  const { nodes } = await fetchNodes(hub);
  const node = nodes.find((each) => each.node === place.node);
  if (node === undefined)
    throw missing(
      `node "${place.node}"`,
      place.node,
      nodes.map((each) => each.node),
      "the hub",
    );
  const crashes = await fetchCrashes(hub, { node: place.node, instance: place.instance });
  const { instance } = place;
  if (instance === undefined)
    return isJson ? [JSON.stringify({ ...node, crashes })] : nodeLines(node, crashes, new Date());
  const known = Object.hasOwn(node.instances, instance) ? node.instances[instance] : undefined;
  if (known === undefined)
    throw missing(`instance "${instance}"`, instance, Object.keys(node.instances), node.node);
  const { inputs, outputs, ...how } = known;
  const ports = { inputs: Object.keys(inputs), outputs: Object.keys(outputs) };
  if (isJson) return [JSON.stringify({ address: `${node.node}/${instance}`, ...how, ...ports, crashes })];
  return instanceLines(`${node.node}/${instance}`, { ...how, ...ports }, crashes, new Date());
}

function nodeLines(node: NodeView, crashes: readonly CrashSummary[], now: Date): readonly string[] {
  const ill = Object.entries(node.instances).filter(([, report]) => !isWell(report));
  return [
    `${node.node} is ${node.state} since ${formatAge(new Date(node.since), now)}`,
    ...node.reasons.map((reason) => `because   ${reason}`),
    ...ill.map(([name, report]) => `instance  ${name} is ${instanceWords(report)}`),
    ...(node.machine ?? []).map(
      ({ check, state, words }) => `machine   ${checkKind(check).title}: ${state}, ${words}`,
    ),
    ...crashLines(crashes, now),
  ].map(printable);
}

interface InstanceWords {
  readonly module: string;
  readonly version: string;
  readonly state: NodeView["instances"][string]["state"];
  readonly reason?: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

function instanceLines(
  address: string,
  { module, version, state, reason, inputs, outputs }: InstanceWords,
  crashes: readonly CrashSummary[],
  now: Date,
): readonly string[] {
  const names = (ports: readonly string[]): string => (ports.length === 0 ? "none" : ports.join(", "));
  return [
    `${address} is ${instanceWords({ state, reason })}`,
    `module    ${module} ${version}`,
    `inputs    ${names(inputs)}`,
    `outputs   ${names(outputs)}`,
    ...crashLines(crashes, now),
  ].map(printable);
}

function crashLines(crashes: readonly CrashSummary[], now: Date): readonly string[] {
  const rest = crashes.length - crashesShown;
  return [
    ...crashes.slice(0, crashesShown).map((crash) => `crash     ${crashWords(crash, now)}`),
    ...(rest > 0 ? [`crash     and ${rest} more: interactor crash list`] : []),
  ];
}

function missing(what: string, name: string, known: readonly string[], where: string): Error {
  const hint = nearest(name, known) ?? (known.length === 0 ? "it has none" : `there is ${known.join(", ")}`);
  return commandFault("NOT_FOUND", `no ${what} on ${where}; ${hint}`);
}
