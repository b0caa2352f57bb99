/** Every topic of the system. Version 1 stands in the path, so a second version can live beside it. */
import { type Lane, lanes, laneOfName } from "./lanes.ts";
import { isName, type SiteAddress } from "./names.ts";
import { isRequestText, type RequestId } from "./request.ts";

export const topicRoot = "ix/1";

/** The topics one agent uses. */
export function nodeTopics(site: string, node: string) {
  const base = `${topicRoot}/${site}/n/${node}`;
  return {
    up: (lane: Lane) => `${base}/up/${lanes[lane]}`,
    down: (lane: Lane) => `${base}/down/${lanes[lane]}`,
    downAll: `${base}/down/+`,
    state: `${base}/state`,
    desired: `${base}/desired`,
    reported: `${base}/reported`,
    /** What the hub says of a change-over of the node's group, and what the node answers. */
    round: `${base}/round`,
    vote: `${base}/vote`,
    metric: `${base}/metric`,
    /** What is known of a module that crashed. */
    crash: `${base}/crash`,
    /** What its modules measure of themselves. */
    measured: `${base}/measured`,
    /** What a node asks of a file of the hub, and what it gets. */
    pull: `${base}/pull`,
    piece: `${base}/piece`,
    /** What the hub wants to know of a running module, and what it gets. */
    profile: `${base}/profile`,
    profiled: `${base}/profiled`,
    /** Whose log lines somebody wants to read, and what they are. */
    listen: `${base}/listen`,
    log: `${base}/log`,
    stopAll: `${topicRoot}/${site}/stop/#`,
    stopBase: `${topicRoot}/${site}/stop/`,
    hubState: `${topicRoot}/${site}/h/state`,
  };
}

/** The topics a dashboard, a command line or a bridge uses. */
export function siteTopics(site: string) {
  const base = `${topicRoot}/${site}`;
  return {
    states: `${base}/n/+/state`,
    allReported: `${base}/n/+/reported`,
    hubState: `${base}/h/state`,
    hubMetric: `${base}/h/metric`,
    values: `${base}/v/#`,
    valueRoot: `${base}/v`,
    value: (address: SiteAddress) => `${base}/v/${address.node}/${address.instance}/${address.port}`,
    /** Every value of an output as it comes, while somebody asks for it. */
    rawRoot: `${base}/raw`,
    raw: (address: SiteAddress) => `${base}/raw/${address.node}/${address.instance}/${address.port}`,
    set: (address: SiteAddress) => `${base}/set/${address.node}/${address.instance}/${address.port}`,
    stops: `${base}/stop/#`,
    /** Answers to who asked. */
    reply: (request: RequestId) => `${base}/reply/${request}`,
    replies: `${base}/reply/+`,
    stop: (zone: string) => `${base}/stop/${zone}`,
    /** Asks the hub to forget a node. */
    forget: (node: string) => `${base}/forget/${node}`,
    clientId: (node: string) => `${site}/${node}`,
  };
}

const nodeLeaves = [
  "state",
  "desired",
  "reported",
  "round",
  "vote",
  "pull",
  "piece",
  "profile",
  "profiled",
  "listen",
  "log",
  "metric",
  "crash",
  "measured",
] as const;
export type NodeLeaf = (typeof nodeLeaves)[number];

export type Topic =
  | { readonly kind: "up" | "down"; readonly site: string; readonly node: string; readonly lane: Lane }
  | {
      readonly kind: NodeLeaf;
      readonly site: string;
      readonly node: string;
    }
  | { readonly kind: "hub-state" | "hub-metric"; readonly site: string }
  | { readonly kind: "value" | "raw" | "set"; readonly site: string; readonly address: SiteAddress }
  | { readonly kind: "reply"; readonly site: string; readonly request: RequestId }
  | { readonly kind: "forget"; readonly site: string; readonly node: string }
  | { readonly kind: "stop"; readonly site: string; readonly zone: string };

/** Reads a topic of ours; `undefined` for every other one. */
export function parseTopic(topic: string): Topic | undefined {
  const [ix, version, site, branch, ...rest] = topic.split("/");
  if (ix !== "ix" || version !== "1" || site === undefined || !isName(site)) return undefined;
  switch (branch) {
    case "n":
      return parseNodeTopic(site, rest);
    case "h":
      return parseHubTopic(site, rest);
    case "v":
      return parseAddressTopic("value", site, rest);
    case "raw":
      return parseAddressTopic("raw", site, rest);
    case "set":
      return parseAddressTopic("set", site, rest);
    case "reply":
      return rest.length === 1 && rest[0] !== undefined && isRequestText(rest[0])
        ? { kind: "reply", site, request: rest[0] }
        : undefined;
    case "forget":
      return rest.length === 1 && rest[0] !== undefined && isName(rest[0])
        ? { kind: "forget", site, node: rest[0] }
        : undefined;
    case "stop":
      return rest.length === 1 && rest[0] !== undefined && isName(rest[0])
        ? { kind: "stop", site, zone: rest[0] }
        : undefined;
    default:
      return undefined;
  }
}

function parseNodeTopic(site: string, [node, leaf, laneName, ...more]: readonly string[]): Topic | undefined {
  if (node === undefined || !isName(node) || more.length > 0) return undefined;
  if (leaf === "up" || leaf === "down") {
    const lane = laneName === undefined ? undefined : laneOfName(laneName);
    return lane === undefined ? undefined : { kind: leaf, site, node, lane };
  }
  if (laneName !== undefined) return undefined;
  const kind = nodeLeaves.find((each) => each === leaf);
  return kind === undefined ? undefined : { kind, site, node };
}

function parseHubTopic(site: string, rest: readonly string[]): Topic | undefined {
  if (rest.length !== 1) return undefined;
  if (rest[0] === "state") return { kind: "hub-state", site };
  return rest[0] === "metric" ? { kind: "hub-metric", site } : undefined;
}

function parseAddressTopic(
  kind: "value" | "raw" | "set",
  site: string,
  rest: readonly string[],
): Topic | undefined {
  const [node, instance, port] = rest;
  if (rest.length !== 3 || node === undefined || instance === undefined || port === undefined)
    return undefined;
  if (!isName(node) || !isName(instance) || !isName(port)) return undefined;
  return { kind, site, address: { node, instance, port } };
}
