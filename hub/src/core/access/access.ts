/** Who may do what on the broker. Until there are users, a client id says who one is, on loopback only. */
import { isName } from "@interactor/shared/wire/names";
import { nodeTopics, type Topic, topicRoot } from "@interactor/shared/wire/topics";

export type Identity = { readonly kind: "agent"; readonly node: string } | { readonly kind: "visitor" };

/** `<site>/<node>` is an agent's client id; every other one is somebody who watches and asks. */
export function identify(site: string, clientId: string): Identity {
  const [prefix, node, ...more] = clientId.split("/");
  if (prefix !== site || node === undefined || more.length > 0 || !isName(node)) return { kind: "visitor" };
  return { kind: "agent", node };
}

const agentTopics = new Set<Topic["kind"]>([
  "up",
  "state",
  "reported",
  "vote",
  "pull",
  "profiled",
  "log",
  "metric",
  "crash",
  "measured",
]);

/** What anybody may ask of a site. */
const visitorTopics = new Set<Topic["kind"]>(["set", "stop", "forget"]);

export function mayPublish(site: string, identity: Identity, topic: Topic | undefined): boolean {
  if (topic === undefined || topic.site !== site) return false;
  if (identity.kind === "visitor") return visitorTopics.has(topic.kind);
  return agentTopics.has(topic.kind) && "node" in topic && topic.node === identity.node;
}

export function maySubscribe(site: string, identity: Identity, filter: string): boolean {
  if (identity.kind === "visitor") return filter.startsWith(`${topicRoot}/${site}/`);
  const own = nodeTopics(site, identity.node);
  const { downAll, desired, round, piece, profile, listen, stopAll, hubState } = own;
  return [downAll, desired, round, piece, profile, listen, stopAll, hubState].includes(filter);
}
