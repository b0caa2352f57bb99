/** `interactor node swap`: another unit comes into a node, and somebody stands beside it and wants to know when. */
import { setTimeout as wait } from "node:timers/promises";
import type { NodeView } from "@interactor/shared/wire/api";
import { isHere } from "@interactor/shared/wire/node-state";
import { swapUnit } from "./config-client.ts";
import { commandFault } from "./exit.ts";
import { fetchNodes, findHub, type HubAddress, type HubOptions, isUnreachable } from "./hub-client.ts";
import { printable } from "./output.ts";
import { whoAsks } from "./who-asks.ts";

export interface SwapOptions extends HubOptions {
  /** ms */
  readonly timeout?: number;
  readonly json?: boolean;
  /** Only this one may come. */
  readonly unit?: string;
}

const lookEvery = 500; // ms

export async function runSwap(name: string, options: SwapOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const { unit } = options;
  const { before = "" } = await swapUnit(hub, name, {
    by: whoAsks(),
    ...(unit === undefined ? {} : { unit }),
  });
  const deadline = performance.now() + (options.timeout ?? Number.POSITIVE_INFINITY);
  let said = "";
  for (;;) {
    const node = await nodeOf(hub, name);
    if (node !== undefined) {
      const step = stepOf(before, node);
      if (step.isDone) return tell(before, node, options);
      if (step.words !== said) process.stderr.write(`${printable(step.words)}\n`);
      said = step.words;
    }
    if (performance.now() >= deadline) throw commandFault("TIMEOUT", `no other unit fills ${name} yet`);
    await wait(lookEvery, undefined, { signal });
  }
}

/** What to do next, and whether there is nothing left to do. */
export function stepOf(
  unitBefore: string,
  { node, unit, state, converged }: Pick<NodeView, "node" | "unit" | "state" | "converged">,
): { readonly words: string; readonly isDone: boolean } {
  if (unit === unitBefore) {
    const words = isHere(state)
      ? `${node} is filled by unit ${unit}, which is ${state}, until the other one comes: start that with \`interactor agent --node ${node} --hub …\``
      : `unit ${unit} is gone: start the other one with \`interactor agent --node ${node} --hub …\``;
    return { words, isDone: false };
  }
  const isDone = isHere(state) && state !== "init" && converged;
  const words = `unit ${unit} fills ${node}, ${state}${converged ? "" : ": it comes to what the node shall run"}`;
  return { words, isDone };
}

/** `undefined`: the hub does not answer, or does not know it now. */
async function nodeOf(hub: HubAddress, name: string): Promise<NodeView | undefined> {
  try {
    return (await fetchNodes(hub)).nodes.find(({ node }) => node === name);
  } catch (error) {
    if (isUnreachable(error)) return undefined;
    throw error;
  }
}

function tell(before: string, after: NodeView, { json }: SwapOptions): void {
  const { node, unit, state, revision } = after;
  const runs = revision === 0 ? "" : ` with revision ${revision}`;
  const words = `${node}: unit ${unit} in place of ${before}, ${state}${runs}`;
  const document = { node, unit, before, state, revision };
  process.stdout.write(`${json === true ? JSON.stringify(document) : printable(words)}\n`);
}
