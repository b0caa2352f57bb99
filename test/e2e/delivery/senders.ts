// A process of light agents that send as much as they are told, at a steady pace, through whatever happens to the hub.
// What it sent and what was confirmed stands in a file, written before anything else happens: it outlives a kill.
//
// It begins when it reads what to do, so that its start can be over before a kill makes it necessary:
//
//   senders.ts <<< '{"hub":…,"site":…,"nodes":["a","b"],"perSecond":8000,"messages":50000,"ledger":"/…","life":1}'

import { openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
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
  /** Whether it goes on beyond that until it reads another line. */
  readonly goesOn?: boolean;
  /** The file of what was sent and confirmed. */
  readonly ledger: string;
  /** Counters of one life begin at `life` × `lifeStep`. */
  readonly life: number;
}

export const lifeStep = 10_000_000;
/** Of the nodes' work so much is done at a time, in milliseconds. */
const tick = 5;

/** In ms since 1970. */
const now = () => performance.timeOrigin + performance.now();

async function send(plan: SendersPlan, told: Promise<unknown>): Promise<void> {
  const pace = { isEnough: plan.goesOn !== true };
  void told.then(() => (pace.isEnough = true));
  const ledger = openSync(plan.ledger, "a");
  const note = (line: string): void => void writeSync(ledger, `${line}\n`);
  const agents = plan.nodes.map((node) => {
    // Of each connection the first confirmation is told: from then on the hub does its work again.
    let connectedAt: number | undefined;
    return new LightAgent(
      { hub: plan.hub, site: plan.site, node },
      {
        sent: (session, lastSeq) => note(`sent ${node} ${session} ${lastSeq} ${plan.life}`),
        confirmed: (session, lastSeq) => {
          note(`confirmed ${node} ${session} ${lastSeq}`);
          if (connectedAt !== undefined) process.stdout.write(`accepted ${connectedAt} ${now()}\n`);
          connectedAt = undefined;
        },
        connected: () => (connectedAt = now()),
      },
    );
  });
  const startedAt = performance.now();
  for (let produced = 0; !pace.isEnough || produced < plan.messages;) {
    const most = pace.isEnough ? plan.messages : Number.POSITIVE_INFINITY;
    const due = Math.min(((performance.now() - startedAt) / 1000) * plan.perSecond, most);
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

if (import.meta.main) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value: plan } = await lines.next();
  if (plan !== undefined) await send(JSON.parse(plan), lines.next());
  process.stdin.destroy();
}
