// A backlog of events towards a node that works on them slowly, and what is critical on its way past it; beside them
// nodes that take nothing at all and have the same backlog each. For a test and a bench.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lane } from "@interactor/shared/wire/lanes";
import { batchEntriesMax } from "@interactor/shared/wire/limits";
import { isHere } from "@interactor/shared/wire/node-state";
import { LightNode } from "../delivery/light-node.ts";
import { eventually, type HubProgram, startHub } from "../programs.ts";
import { Remote } from "../remote.ts";
import type { BacklogRequest, SlowLook } from "./backlog-program.ts";

export interface BacklogPlan {
  /** Events that wait for the slow node when the first critical message comes. */
  readonly messages: number;
  /** What the slow node does for each of them, in µs. */
  readonly workMicros: number;
  /** How many nodes take nothing at all. */
  readonly stalled: number;
  readonly criticals: number;
  /** Between two critical messages, in ms. */
  readonly interval: number;
}

export interface BacklogOutcome {
  /** From publish to arrival of each critical message, in ms: at the slow node, and at one that nothing waits for. */
  readonly lates: readonly number[];
  readonly latesWithout: readonly number[];
  /** Events that waited in the hub for the slow node: before the first critical message, and after the last. */
  readonly queuedBefore: number;
  readonly queuedAfter: number;
  /** Events that wait in the hub for all nodes that take nothing. */
  readonly queuedForStalled: number;
  /** Whether the hub still has all of those. */
  readonly stalledNodes: number;
}

const site = "demo";
/** Batches that the hub has not confirmed: it reads a source no further that is ahead of its disk. */
const unconfirmedMax = 64;
/** What comes last shall have come. In ms. */
const arrivalMax = 10_000;
const queuedMetric = "interactor_hub_down_queued";

export async function meetBacklog(plan: BacklogPlan, signal?: AbortSignal): Promise<BacklogOutcome> {
  const stalled = Array.from({ length: plan.stalled }, (_, index) => `stalled${index + 1}`);
  await using hub = await startHub({ site, routes: routesTo(["slow", "quiet"], ["slow", ...stalled]) });
  const port = hub.place.mqttPort ?? 0;
  await using program = new Remote([process.execPath, join(import.meta.dirname, "backlog-program.ts")]);
  const ask = async (request: BacklogRequest) => (await program.ask(request)) as SlowLook;
  await ask({ kind: "start", port, site, stalled, workMicros: plan.workMicros });
  const latesWithout: number[] = [];
  const quiet = { port, site, node: "quiet", inputs: { alarm: { type: "float" } } } as const;
  await using _quiet = await LightNode.connect(quiet, ({ entries }, confirm) => {
    for (const { body } of entries) latesWithout.push((nowMicros() - Number(body)) / 1000);
    confirm();
  });
  const event = { type: "float", deliver: "every" } as const;
  const outputs = { load: event, alarm: event };
  await using source = await LightNode.connect({ port, site, node: "source", outputs });

  await fill(source, plan.messages);
  const queuedBefore = await queuedFor(hub, "slow");
  await ask({ kind: "begin" });
  const lates: number[] = [];
  for (let sent = 0; sent < plan.criticals; sent += 1) {
    source.publish(lane.critical, "alarm", [nowMicros()]);
    await sleep(plan.interval, undefined, { signal });
  }
  const queuedAfter = await queuedFor(hub, "slow");
  await eventually(
    "every critical message",
    async () => lates.push(...(await ask({ kind: "look" })).lates) >= plan.criticals,
    arrivalMax,
  );
  const queued = await Promise.all(stalled.map((node) => queuedFor(hub, node)));
  const nodes = await hub.nodes();
  return {
    lates,
    latesWithout,
    queuedBefore,
    queuedAfter,
    queuedForStalled: queued.reduce((sum, each) => sum + each, 0),
    stalledNodes: nodes.filter(({ node, state }) => stalled.includes(node) && isHere(state)).length,
  };
}

/** One clock for all processes of a machine. */
const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

/** The backlog shall not grow too old while it is looked at. */
const routesTo = (alarmed: readonly string[], loaded: readonly string[]): string =>
  [
    "routes:",
    ...alarmed.map(
      (node) => `  - { name: alarm-${node}, from: source/sim/alarm, to: ${node}/sim/alarm, lane: critical }`,
    ),
    ...loaded.map(
      (node) => `  - { name: load-${node}, from: source/sim/load, to: ${node}/sim/load, ttl: 10m }`,
    ),
    "",
  ].join("\n");

async function fill(source: LightNode, messages: number): Promise<void> {
  const bodies = Array.from({ length: batchEntriesMax }, (_, index) => index);
  for (let sent = 0; sent < messages;) {
    const confirmations: Promise<void>[] = [];
    while (sent < messages && confirmations.length < unconfirmedMax) {
      const some = bodies.slice(0, messages - sent);
      sent += some.length;
      confirmations.push(new Promise((resolve) => source.publish(lane.telemetry, "load", some, resolve)));
    }
    await Promise.all(confirmations);
  }
}

const queuedFor = async (hub: HubProgram, node: string): Promise<number> =>
  (await hub.metric(queuedMetric, { node })) ?? 0;
