/** What the demo learns from the hub it started, over the same API as everybody else. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod/mini";
import type { NodeView } from "@interactor/shared/wire/api";
import { Fault } from "@interactor/shared/kernel/fault";
import { sceneInstance } from "@interactor/shared/wire/names";
import { instanceWords, isHere, isWell } from "@interactor/shared/wire/node-state";
import { fetchNodes, fetchProblems, type HubAddress } from "../hub-client.ts";
import { printable } from "../output.ts";
import type { Progress } from "./progress.ts";

export const demoNode = "demo";

interface Watching {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const lookEvery = 100; // ms
/** A start that takes longer is said to be slow, in ms. */
const slowAfter = 20_000;
/** Routes and instances that need longer than this are reported as they are then, in ms. */
const settleTimeout = 20_000;
/** How soon somebody who edits the routes hears what is wrong with them, in ms. */
const problemsEvery = 1000;

/** Waits until the hub shows the demo's node as ready, and says how it is. */
export async function awaitNode(
  hub: HubAddress,
  {
    progress,
    signal,
    logs,
    expected,
  }: Watching & {
    readonly logs: string;
    /** Instances that the node is to have: it declares them as they come up. */
    readonly expected: readonly string[];
  },
): Promise<void> {
  const startedAt = performance.now();
  let readyAt: number | undefined;
  let isSaid = false;
  for (;;) {
    const node = await demoNodeOf(hub);
    const now = performance.now();
    if (node !== undefined && isHere(node.state)) {
      readyAt ??= now;
      if (isSettled(node, expected) || now - readyAt > settleTimeout) return report(node, progress);
    }
    if (!isSaid && now - startedAt > slowAfter) {
      isSaid = true;
      progress.warn("agent", `is not ready yet; the logs are in ${logs}`);
    }
    await wait(lookEvery, undefined, { signal });
  }
}

async function demoNodeOf(hub: HubAddress): Promise<NodeView | undefined> {
  try {
    const { nodes } = await fetchNodes(hub);
    return nodes.find(({ node }) => node === demoNode);
  } catch (error) {
    // The hub may have died meanwhile; it is started again.
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function isSettled(node: NodeView, expected: readonly string[]): boolean {
  const isUp = (name: string) =>
    Object.hasOwn(node.instances, name) && node.instances[name]?.state !== "starting";
  return node.converged && expected.every(isUp);
}

/** The instances of a node.json. */
export function instancesIn(config: string): readonly string[] {
  try {
    return Object.keys(nodeFile.parse(JSON.parse(readFileSync(config, "utf8"))).instances);
  } catch {
    // The agent refuses such a file, and says why.
    return [];
  }
}

const nodeFile = z.object({ instances: z.record(z.string(), z.unknown()) });

function report(node: NodeView, progress: Progress): void {
  const instances = Object.entries(node.instances)
    .filter(([name]) => name !== sceneInstance)
    .toSorted(([left], [right]) => left.localeCompare(right));
  progress.good(
    "agent",
    `${node.node}: ${instances.length} instances (${instances.map(([name]) => name).join(", ")})`,
  );
  for (const [name, report] of instances) {
    if (!isWell(report)) progress.warn(name, printable(instanceWords(report)));
  }
  const routes = Object.entries(node.routes);
  progress.good("routes", `${routes.length} running`);
  for (const [name, { error }] of routes) {
    if (error !== undefined) progress.warn("route", printable(`${name}: ${error}`));
  }
}

/** Says what is wrong at the hub, whenever that changes; with the routes, where it reads them. Ends only by `signal`. */
export async function watchProblems(
  hub: HubAddress,
  { progress, signal, name }: Watching & { readonly name: "routes" | "hub" },
): Promise<void> {
  let known = "";
  for (;;) {
    const problems = await fetchProblems(hub);
    const now = problems?.join("\n");
    if (now !== undefined && now !== known) {
      known = now;
      for (const problem of problems ?? []) progress.bad(name, printable(problem));
      if (now === "") progress.good(name, name === "routes" ? "are right again" : "is right again");
    }
    await wait(problemsEvery, undefined, { signal });
  }
}
