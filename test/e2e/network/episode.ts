// A time of trouble, and what comes of it: faults begin, the site goes on living meanwhile (new routes are desired, a
// show stop is pressed, commands are given), they are healed, and the fleet is looked at until it is one again.

import { setTimeout as sleep } from "node:timers/promises";
import { apiPaths, type LedgerResponse, ledgerResponse } from "@interactor/shared/wire/api";
import { peakBytes, forgetPeak, residentBytes } from "../hostile/resident-memory.ts";
import { eventually } from "../programs.ts";
import { type Times, untilConverged } from "./convergence.ts";
import type { Fault } from "./faults.ts";
import { type FleetApart, nodeNames } from "./fleet-apart.ts";
import type { Delays, Look } from "./watcher.ts";

/** The promise: so soon the hub knows that a node is gone; in ms. */
const lostWithin = 5000;
/** Nobody who is cut off answers; others may answer late because the way is long and slow. */
const stopPatience = { cut: "1s", late: "5s" } as const;
/** Commands live so long, in ms. */
const commandTtl = 1000;
/** A ledger is said every 5 s. */
const ledgerWithin = 15_000;

export interface Outcome {
  /** When the hub had noticed all that were cut off. */
  readonly lostAfter: number;
  /** What `interactor stop` said to nodes that are cut off, and to those whose way is merely bad. */
  readonly stopWords: { readonly cut: string; readonly late: string };
  /** What became of the commands to nodes that were cut off. */
  readonly replies: readonly (string | undefined)[];
  /** At the end of the trouble. */
  readonly during: Look;
  readonly notReady: readonly string[];
  readonly delays: Delays;
  /** By how much the hub's memory grew, in bytes. */
  readonly growth: number;
  readonly times: Times;
  /** When all is over and released. */
  readonly after: Look;
  readonly ledger: LedgerResponse;
}

/** The zones that the nodes of an episode are in. */
export function zonesFor(faults: readonly Fault[]): Readonly<Record<string, string>> {
  const zoned = faults.flatMap(({ nodes, isCut }) => nodes.map((node) => [node, isCut ? "cut" : "late"]));
  return Object.fromEntries(zoned);
}

export async function goThrough(fleet: FleetApart, faults: readonly Fault[], span: number): Promise<Outcome> {
  await fleet.ask({ kind: "hush", nodes: [] });
  const zones = zonesFor(faults);
  const inZone = (zone: string) => nodeNames.filter((node) => zones[node] === zone);
  const cut = inZone("cut");
  await untilHeard(fleet);
  forgetPeak(fleet.hub.pid);
  const memory = residentBytes(fleet.hub.pid);
  await using trouble = new AsyncDisposableStack();
  const beganAt = performance.now();
  await Promise.all(faults.map(async (fault) => trouble.defer(await fault.begin(fleet))));
  await fleet.ask({ kind: "mark" });
  const lostAfter = await untilLost(fleet, cut, beganAt);

  const revision = await fleet.desireMore();
  const stop = async (zone: keyof typeof stopPatience) =>
    inZone(zone).length === 0
      ? ""
      : fleet.interactor("stop", "--zone", zone, "--timeout", stopPatience[zone]);
  const replies = commandAll(fleet, cut);
  const stopWords = { late: await stop("late"), cut: await stop("cut") };
  await sleep(Math.max(beganAt + span - performance.now(), 0));

  const during = await fleet.look();
  const requests = await replies;
  const delays = await fleet.delays();
  const growth = peakBytes(fleet.hub.pid) - memory;
  const nodes = await fleet.hub.nodes();
  const notReady = nodes.filter(({ state }) => state !== "ready").map(({ node }) => node);

  await fleet.ask({ kind: "hush" });
  const healedAt = performance.now();
  await trouble.disposeAsync();
  const times = await untilConverged(fleet, { revision, stopped: new Set(Object.keys(zones)) }, healedAt);
  await release(fleet, new Set(Object.values(zones)));
  const ledger = await untilBalanced(fleet);
  const after = await fleet.look();
  return {
    lostAfter,
    stopWords,
    replies: requests.map((request) => after.replies[request]),
    during,
    notReady,
    delays,
    growth,
    times,
    after,
    ledger,
  };
}

export async function untilHeard(fleet: FleetApart): Promise<void> {
  await eventually("every node is heard", async () =>
    (await fleet.look()).nodes.every(({ value }) => Number(value.count) > 0),
  );
}

/**
 * Gives commands to nodes that hear nothing for a moment, too short for anybody to give the connection up: they lie in
 * the network until it heals. Returns what became of them.
 */
export async function commandIntoGap(
  fleet: FleetApart,
  nodes: readonly string[],
  gap: number,
): Promise<readonly (string | undefined)[]> {
  const heals = await Promise.all(nodes.map((node) => fleet.network.drop(node, "from the hub")));
  const requests = await commandAll(fleet, nodes, gap / 4);
  await sleep(gap);
  await Promise.all(heals.map((heal) => heal()));
  // What was lost is sent again by the system after twice the gap at most.
  await sleep(2 * gap);
  const { replies } = await fleet.look();
  return requests.map((request) => replies[request]);
}

async function untilLost(fleet: FleetApart, nodes: readonly string[], beganAt: number): Promise<number> {
  await eventually(
    `${nodes.join(", ")} are lost`,
    async () => {
      const states = new Map((await fleet.hub.nodes()).map(({ node, state }) => [node, state]));
      return nodes.every((node) => states.get(node) === "lost");
    },
    lostWithin,
  );
  return performance.now() - beganAt;
}

/** Commands to nodes that are away: they wait at the hub, and must not be done when they are back. */
async function commandAll(
  fleet: FleetApart,
  nodes: readonly string[],
  ttl = commandTtl,
): Promise<readonly string[]> {
  const command = (node: string) => ({ kind: "command", address: `${node}/stage/ch3`, value: 200 }) as const;
  const requests = await Promise.all(nodes.map((node) => fleet.ask({ ...command(node), ttl })));
  return requests.map(String);
}

async function release(fleet: FleetApart, zones: ReadonlySet<string>): Promise<void> {
  for (const zone of zones) await fleet.interactor("stop", "release", "--zone", zone);
  await eventually("all lights follow again", async () => {
    const { nodes } = await fleet.look();
    return nodes.every(({ said, channels }) => channels[1] === said.level);
  });
}

/** Waits until every node has said a ledger in which nothing waits any more. */
async function untilBalanced(fleet: FleetApart): Promise<LedgerResponse> {
  const read = async () => ledgerResponse.parse(JSON.parse((await fleet.hub.get(apiPaths.ledger)).text));
  return eventually(
    "a ledger without spooled messages that wait",
    async () => {
      const ledger = await read();
      const spooled = ledger.nodes.flatMap(({ up }) => up.filter(({ lane }) => lane === "bulk"));
      return spooled.every(({ queued }) => queued === 0) && ledger;
    },
    ledgerWithin,
  );
}
