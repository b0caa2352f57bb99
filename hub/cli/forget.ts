/** `interactor node forget`: the hub forgets a node that was taken down. */
import { randomBytes } from "node:crypto";
import type { NodeView } from "@interactor/shared/wire/api";
import { encodeForget } from "@interactor/shared/wire/messages/forget";
import { decodeReply, type ReplyDocument, replyWords } from "@interactor/shared/wire/messages/reply";
import { isHere } from "@interactor/shared/wire/node-state";
import { requestOf } from "@interactor/shared/wire/request";
import { siteTopics } from "@interactor/shared/wire/topics";
import { commandFault } from "./exit.ts";
import { fetchNodes, findHub, type HubOptions } from "./hub-client.ts";
import { openMqtt } from "./mqtt-session.ts";
import { formatAge, printable } from "./output.ts";
import { whoAsks } from "./who-asks.ts";

export interface ForgetOptions extends HubOptions {
  readonly json?: boolean;
}

/** The hub answers at once; one that has not by then is gone, in ms. */
const hubPatience = 3000;
const requestBytes = 8;

export async function runForget(name: string, options: ForgetOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const { site, nodes } = await fetchNodes(hub);
  const node = forgettable(nodes, name);
  const request = requestOf(randomBytes(requestBytes));
  const topics = siteTopics(site);
  const answered = Promise.withResolvers<ReplyDocument | undefined>();
  await using session = await openMqtt(hub, {
    message({ payload }) {
      const reply = decodeReply(payload);
      if (reply.ok && reply.value.request === request) answered.resolve(reply.value);
    },
    lost: () => undefined,
    back: () => undefined,
  });
  await session.subscribe(topics.reply(request));
  await session.publish(topics.forget(name), encodeForget({ v: 1, kind: "forget", by: whoAsks(), request }));
  setTimeout(() => answered.resolve(undefined), hubPatience).unref();
  signal.addEventListener("abort", () => answered.reject(signal.reason), { once: true });
  const reply = await answered.promise;
  if (reply === undefined) throw commandFault("HUB_UNREACHABLE", `${name}: the hub did not answer`);
  if (reply.outcome !== "done")
    throw commandFault("FAILED", `${name}: refused, for ${printable(replyWords(reply))}`);
  const line =
    options.json === true ? JSON.stringify({ node: name, forgotten: true }) : lineOf(node, new Date());
  process.stdout.write(`${line}\n`);
}

/** The node, or a Fault that says why it cannot be forgotten. */
export function forgettable(nodes: readonly NodeView[], name: string): NodeView {
  const node = nodes.find((each) => each.node === name);
  if (node === undefined) {
    const gone = nodes.filter(({ state }) => !isHere(state)).map((each) => each.node);
    const others = gone.length === 0 ? "all that the hub knows are here" : `gone are ${gone.join(", ")}`;
    throw commandFault("NOT_FOUND", `the hub knows no node "${name}"; ${others}`);
  }
  if (!isHere(node.state)) return node;
  const words = `node ${name} is ${node.state}: it would be known again at once; stop its agent first`;
  throw commandFault("FAILED", words);
}

export const lineOf = ({ node, state, last_seen }: NodeView, now: Date): string =>
  `node ${node} is forgotten (was ${state}, last seen ${formatAge(new Date(last_seen), now)})`;
