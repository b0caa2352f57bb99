// A process of light agents that send as much as they are told, at a steady pace, through whatever happens to the hub.
// What it sent and what was confirmed stands in a file, written before anything else happens: it outlives a kill.
//
//   senders.ts {"hub":…,"site":…,"nodes":["a","b"],"perSecond":8000,"messages":50000,"ledger":"/…","life":1}

import { openSync, writeSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { LightAgent } from "./light-agent.ts";

export interface SendersPlan {
  readonly hub: string;
  readonly site: string;
  readonly nodes: readonly string[];
  /** Of all nodes together. */
  readonly perSecond: number;
  /** Of all nodes together. */
  readonly messages: number;
  /** The file of what was sent and confirmed. */
  readonly ledger: string;
  /** Counters of one life begin at `life` × `lifeStep`. */
  readonly life: number;
}

export const lifeStep = 10_000_000;
/** Of the nodes' work so much is done at a time, in milliseconds. */
const tick = 5;

async function send(plan: SendersPlan): Promise<void> {
  const ledger = openSync(plan.ledger, "a");
  const note = (line: string): void => void writeSync(ledger, `${line}\n`);
  const agents = plan.nodes.map(
    (node) =>
      new LightAgent(
        { hub: plan.hub, site: plan.site, node },
        {
          sent: (session, lastSeq) => note(`sent ${node} ${session} ${lastSeq} ${plan.life}`),
          confirmed: (session, lastSeq) => note(`confirmed ${node} ${session} ${lastSeq}`),
          connected: () =>
            process.stdout.write(`connected ${node} ${performance.timeOrigin + performance.now()}\n`),
        },
      ),
  );
  const startedAt = performance.now();
  for (let produced = 0; produced < plan.messages;) {
    const due = Math.min(((performance.now() - startedAt) / 1000) * plan.perSecond, plan.messages);
    for (; produced < due; produced += 1) {
      const counter = plan.life * lifeStep + Math.floor(produced / agents.length);
      agents[produced % agents.length]?.produce(counter);
    }
    await after(tick);
  }
  process.stdout.write("produced\n");
  while (agents.some(({ queued }) => queued > 0)) await after(tick);
  process.stdout.write("done\n");
  await Promise.all(agents.map((agent) => agent.end()));
}

const [plan] = process.argv.slice(2);
if (plan !== undefined && import.meta.main) await send(JSON.parse(plan));
