/** Parts of the hub that stand beside its loop: each hears what nodes say on a topic of its own. */
import { type NodeLeaf, parseTopic } from "@interactor/shared/wire/topics";
import type { HubCounters } from "./core/registry/counters.ts";
import type { BrokerRules, Verdict } from "./ports/broker.ts";

/** What becomes of what a node said. */
export interface Heard {
  /** Why it is of no use, for a count. */
  readonly refusal?: string | undefined;
  /** Left out: it is kept. */
  readonly verdict?: Verdict;
}

/** By the last level of the topic, which is its kind. */
export type Neighbours = {
  readonly [Leaf in NodeLeaf]?: (node: string, payload: Uint8Array) => Heard;
};

/** The rules of a broker whose nodes speak to the neighbours too: to them goes what the rules let pass. */
export function withNeighbours(
  rules: BrokerRules,
  parts: readonly { readonly neighbours: Neighbours }[],
  counters: Pick<HubCounters, "refused">,
): BrokerRules {
  const byKind = new Map(parts.flatMap(({ neighbours }) => Object.entries(neighbours)));
  return {
    admit: (credentials) => rules.admit(credentials),
    maySubscribe: (client, filter) => rules.maySubscribe(client, filter),
    faulted: (...told) => rules.faulted(...told),
    received(client, topicText, payload, retain) {
      const verdict = rules.received(client, topicText, payload, retain);
      if (verdict.kind !== "pass") return verdict;
      // What passes is much, and little of it is for them: a topic is read only when it can be one of theirs.
      const hear = byKind.get(topicText.slice(topicText.lastIndexOf("/") + 1));
      if (hear === undefined) return verdict;
      const topic = parseTopic(topicText);
      if (topic === undefined || !("node" in topic) || byKind.get(topic.kind) !== hear) return verdict;
      const heard = hear(topic.node, payload);
      if (heard.refusal !== undefined) counters.refused.add(`${topic.kind} ${heard.refusal}`);
      return heard.verdict ?? { kind: "keep" };
    },
  };
}
