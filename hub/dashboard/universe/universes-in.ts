import { findPort, type InputSpec } from "@interactor/shared/wire/messages/port";
import { sortedByName } from "../inputs/control-list.ts";
import type { Nodes } from "../live/node-record.ts";

export interface Universe {
  readonly node: string;
  readonly instance: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
}

/** Every instance that tells the universe it sends. */
export function universesIn(nodes: Nodes): readonly Universe[] {
  return sortedByName(nodes.values()).flatMap(({ name: node, birth }) =>
    Object.entries(birth?.instances ?? {})
      .filter(([, { outputs }]) => findPort(outputs, "universe")?.type === "bytes")
      .map(([instance, { inputs }]) => ({ node, instance, inputs })),
  );
}
