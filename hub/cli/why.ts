/** `interactor why`: who owns an input, what it holds, and which routes lead to it; and how a node or an instance is. */
import { setTimeout as wait } from "node:timers/promises";
import type { NodeView } from "@interactor/shared/wire/api";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { decodePlan, decodeTarget } from "@interactor/shared/wire/messages/plan";
import { decodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";
import { findPort, type InputSpec, restOf } from "@interactor/shared/wire/messages/port";
import { siteAddress, type SiteAddress } from "@interactor/shared/wire/names";
import { instanceWords, isHere, isWell } from "@interactor/shared/wire/node-state";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { findInput, type FoundInput, readAddress } from "./find-input.ts";
import { fetchNodes, findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { openMqtt } from "./mqtt-session.ts";
import { formatAge, formatDay, formatSpan, formatValue, printable, qualityWord, toJson } from "./output.ts";
import { ownerWords } from "./set.ts";
import { placeIn, placeLines } from "./why-instance.ts";
import { shownJson, shownLines, shownOn, type ShownOn, universeOutputs } from "./why-universe.ts";

export interface WhyOptions extends HubOptions {
  readonly json?: boolean;
}

/** Retained messages come at once after the subscription; what is not there by then is not there. */
const retainedTimeout = 1000; // ms

export async function runWhy(addressText: string, options: WhyOptions, signal: AbortSignal): Promise<void> {
  const address = placeIn(addressText) ?? readAddress(addressText);
  const hub = await findHub(options, process.env);
  const isJson = options.json === true;
  const lines =
    address.port === undefined
      ? await placeLines(address, hub, isJson)
      : await inputLines(address, hub, isJson, signal);
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function inputLines(
  address: SiteAddress,
  hub: HubAddress,
  isJson: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const site = await fetchNodes(hub);
  const input = findInput(site, address);
  const outputs = input.node.instances[address.instance]?.outputs ?? {};
  const universe = universeOutputs.filter((output) => findPort(outputs, output)?.type === "record");
  const known = await readRetained(hub, { site: site.site, address, universe }, signal);
  return isJson ? [whyJson(input, known)] : whyLines(input, known, new Date());
}

export interface Known {
  /** The last value of the input; actuators have one once somebody owned them, and what keeps nothing has none. */
  readonly value: PublicValue | undefined;
  /** Routes on the node itself that lead to the input; those on the hub are not told. */
  readonly routes: readonly CompiledRoute[];
  /** Of an input on channels of a universe. */
  readonly shown?: ShownOn | undefined;
}

interface Asked {
  readonly site: string;
  readonly address: SiteAddress;
  /** The outputs of the instance that tell of its universe. */
  readonly universe: readonly (typeof universeOutputs)[number][];
}

async function readRetained(
  hub: HubAddress,
  { site, address, universe }: Asked,
  signal: AbortSignal,
): Promise<Known> {
  const topicOf = (port: string): string => siteTopics(site).value({ ...address, port });
  const valueTopic = siteTopics(site).value(address);
  const desiredTopic = nodeTopics(site, address.node).desired;
  const topics = [valueTopic, desiredTopic, ...universe.map(topicOf)];
  const found = new Map<string, Uint8Array>();
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await using session = await openMqtt(hub, {
    message({ topic, payload }) {
      found.set(topic, payload);
      if (found.size === topics.length) resolve();
    },
    lost: () => undefined,
    back: () => undefined,
  });
  for (const topic of topics) await session.subscribe(topic);
  await Promise.race([all, wait(retainedTimeout, undefined, { signal, ref: false })]);
  const valueIn = (output: (typeof universeOutputs)[number]): Value | undefined =>
    valueOf(found.get(topicOf(output)))?.value;
  return {
    ...knownFrom(found.get(valueTopic), found.get(desiredTopic), address),
    shown: shownOn(address.port, { monitor: valueIn("monitor"), patch: valueIn("patch") }),
  };
}

function valueOf(bytes: Uint8Array | undefined): PublicValue | undefined {
  const decoded = bytes === undefined ? undefined : decodePublicValue(bytes);
  return decoded?.ok === true ? decoded.value : undefined;
}

function knownFrom(
  valueBytes: Uint8Array | undefined,
  desiredBytes: Uint8Array | undefined,
  address: SiteAddress,
): Known {
  const routes = desiredBytes === undefined ? [] : routesIn(desiredBytes);
  return {
    value: valueOf(valueBytes),
    routes: routes.filter((route) => route.to === siteAddress(address)),
  };
}

/** Of the plan that the node is to come to. */
function routesIn(bytes: Uint8Array): readonly CompiledRoute[] {
  const target = decodeTarget(bytes);
  const plan = target.ok && target.value?.plan !== undefined ? decodePlan(target.value.plan) : undefined;
  return plan?.ok === true ? plan.value.routes : [];
}

export function whyLines(input: FoundInput, { value, routes, shown }: Known, now: Date): readonly string[] {
  const { node, owner, spec } = input;
  const address = siteAddress(input.address);
  const ago = (text: string) => `${formatDay(new Date(text))} (${formatAge(new Date(text), now)})`;
  const unit = spec.unit === undefined || spec.unit === "1" ? "" : ` ${printable(spec.unit)}`;
  const isOwned = spec.actuator === true;
  const holds = value === undefined ? restOf(spec) : value.value;
  const own = owner?.kind === "route" ? routes.find(({ name }) => name === owner.by) : undefined;
  const waiting = owner?.kind === "route" ? routes.filter(({ name }) => name !== owner.by) : routes;
  const letGoAt = value?.value === null && owner === undefined ? new Date(value.at / 1000) : undefined;
  return [
    valueLine(address, holds, unit),
    ...(isOwned && letGoAt !== undefined
      ? [`owner    nobody: who had it let go ${formatDay(letGoAt)} (${formatAge(letGoAt, now)})`]
      : isOwned || owner !== undefined
        ? ownerLines(owner, own, ago, now)
        : [`owner    nobody: ${nobodyWords(restOf(spec))}`]),
    ...(shown === undefined ? [] : shownLines(input.address.port, shown, owner !== undefined)),
    ...waiting.map((route) => `${owner === undefined ? "route  " : "beneath"}  ${routeWords(route)}`),
    ...illLines(input),
    ...(isHere(node.state)
      ? []
      : [`node     ${node.node} is ${node.state}, last seen ${ago(node.last_seen)}`]),
  ];
}

function valueLine(address: string, value: Value | undefined, unit: string): string {
  if (value === undefined) return `${address} has no value yet`;
  return value === null
    ? `${address} has no value: nobody holds it`
    : `${address} = ${formatValue(value)}${unit}`;
}

const nobodyWords = (rest: InputSpec["released"]): string =>
  rest === undefined
    ? "it is no actuator and takes what comes last"
    : `it is at rest, which is ${formatValue(rest)}; whoever sets it last has it`;

/** What is set there may come to nothing. */
function illLines({ node, address: { instance } }: FoundInput): readonly string[] {
  const report = Object.hasOwn(node.instances, instance) ? node.instances[instance] : undefined;
  if (report === undefined || !isHere(node.state) || isWell(report)) return [];
  return [printable(`instance ${instance} is ${instanceWords(report)}`)];
}

function ownerLines(
  owner: FoundInput["owner"],
  route: CompiledRoute | undefined,
  ago: (text: string) => string,
  now: Date,
): readonly string[] {
  if (owner === undefined) return ["owner    nobody: no value has come for it"];
  return [
    `owner    ${route === undefined ? ownerWords(owner) : routeWords(route)}`,
    `since    ${ago(owner.since)}`,
    ...(owner.until === undefined
      ? []
      : [`until    ${formatDay(new Date(owner.until))} (${untilWords(owner.until, now)})`]),
  ];
}

function untilWords(until: string, now: Date): string {
  const left = new Date(until).getTime() - now.getTime();
  return left > 0 ? `${formatSpan(left)} left` : "over";
}

function routeWords({ name, from, map, when }: CompiledRoute): string {
  const parts = [
    `route ${name} from ${from}`,
    ...(map === undefined ? [] : [`map ${map}`]),
    ...(when === undefined ? [] : [`when ${when}`]),
  ];
  return printable(parts.join(", "));
}

export function whyJson(input: FoundInput, { value, routes, shown }: Known): string {
  const node: Pick<NodeView, "node" | "state" | "last_seen"> = {
    node: input.node.node,
    state: input.node.state,
    last_seen: input.node.last_seen,
  };
  return JSON.stringify({
    address: siteAddress(input.address),
    value: toJson(value === undefined ? (restOf(input.spec) ?? null) : value.value),
    quality: value === undefined ? null : qualityWord(value.quality),
    at: value === undefined ? null : new Date(value.at / 1000).toISOString(),
    actuator: input.spec.actuator === true,
    ...(restOf(input.spec) === undefined ? {} : { released: restOf(input.spec) }),
    owner: input.owner ?? null,
    routes: routes.map(({ name, from, map, when }) => ({ name, from, map, when })),
    ...(shown === undefined ? {} : { shown: shownJson(shown) }),
    node,
  });
}
