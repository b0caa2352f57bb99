// When a fleet that was torn apart is one again: each thing that must be so, and when it was so at every node.

import { setTimeout as sleep } from "node:timers/promises";
import type { NodeView } from "@interactor/shared/wire/api";
import { type FleetApart, nodeNames } from "./fleet-apart.ts";
import type { Look } from "./watcher.ts";

/** The promise, from the end of a fault; in ms. */
export const convergedWithin = 10_000;

export interface Wanted {
  readonly revision: number;
  /** Nodes that a show stop holds. */
  readonly stopped: ReadonlySet<string>;
}

/** The times in ms from the end of the fault, by node and by what was so. */
export type Times = ReadonlyMap<string, ReadonlyMap<Thing, number>>;

const things = ["ready", "desired", "values", "lights", "stop"] as const;
type Thing = (typeof things)[number];

/** Looks until all is so at every node. Nobody may say anything meanwhile. Fails with what is not. */
export async function untilConverged(fleet: FleetApart, wanted: Wanted, healedAt: number): Promise<Times> {
  const times = new Map(nodeNames.map((node) => [node, new Map<Thing, number>()]));
  for (;;) {
    const [nodes, look] = await Promise.all([fleet.hub.nodes(), fleet.look()]);
    const at = performance.now() - healedAt;
    const missing = nodeNames.flatMap((node) => {
      const state = stateOf(node, { nodes, look, wanted });
      note(state, times.get(node), at);
      return things.filter((thing) => !state[thing]).map((thing) => `${node} ${thing}`);
    });
    if (missing.length === 0) return times;
    if (at > convergedWithin)
      throw new Error(`not converged after ${at.toFixed(0)} ms: ${missing.join(", ")}`);
    await sleep(50);
  }
}

/** What was so and is not any more begins again. */
function note(state: Record<Thing, boolean>, times: Map<Thing, number> | undefined, at: number): void {
  for (const thing of things) {
    if (!state[thing]) times?.delete(thing);
    else if (times?.has(thing) === false) times.set(thing, at);
  }
}

interface Seen {
  readonly nodes: readonly NodeView[];
  readonly look: Look;
  readonly wanted: Wanted;
}

function stateOf(name: string, { nodes, look, wanted }: Seen): Record<Thing, boolean> {
  const node = nodes.find((each) => each.node === name);
  const index = nodeNames.indexOf(name);
  const own = look.nodes[index];
  const before = look.nodes[(index + nodeNames.length - 1) % nodeNames.length];
  if (own === undefined || before === undefined) throw new Error(`nobody watches ${name}`);
  const isStopped = wanted.stopped.has(name);
  const { level, count } = own.said;
  const shown = [before.said.level, level, wanted.revision > 1 ? level : 0];
  const seen = [own.channels[0], own.channels[1], own.channels[3]];
  return {
    ready: node?.state === "ready",
    desired: node?.converged === true && node.revision === wanted.revision,
    values: own.value.level === level && own.value.count === count,
    lights: seen.every((each, channel) => each === (isStopped ? 0 : shown[channel])),
    stop: (node?.stop !== undefined) === isStopped,
  };
}

/** When the last thing was so at the last of these nodes. */
export function lastOf(times: Times, nodes: readonly string[], thing?: Thing): number {
  const all = nodes.flatMap((node) => [...(times.get(node) ?? [])]);
  return Math.max(...all.filter(([each]) => thing === undefined || each === thing).map(([, at]) => at));
}
