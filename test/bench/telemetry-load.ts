// A program: light agents that are born on a hub and publish readings, one a message, until it is ended. Apart from
// the bench's own process, so that what it measures does not wait for what it sends.
//
//   node telemetry-load.ts <mqtt url> <agents> <messages a second, all together>

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { micros } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { connectAsync } from "mqtt";

const [url = "", agentsText, rateText] = process.argv.slice(2);
const agents = Number(agentsText);
const rate = Number(rateText);
/** Messages go in small groups, as timers tell time in ms. */
const tick = 5;

const now = () => micros(Date.now() * 1000);

async function openAgent(index: number) {
  const node = `load${index}`;
  const topics = nodeTopics("demo", node);
  const session = sessionOf(randomBytes(8));
  const client = await connectAsync(url, {
    clientId: `demo/${node}`,
    username: `unit-${index}`,
    reconnectPeriod: 0,
  });
  const sim = {
    module: "simulated",
    version: "0",
    inputs: {},
    outputs: { level: { type: "float" as const } },
  };
  const life = { session, connection: 1, unit: `unit-${index}`, agentVersion: "0", at: now() };
  const birth = encodeNodeState({ v: 1, kind: "birth", ...life, instances: { sim } });
  await client.publishAsync(topics.state, Buffer.from(birth), { qos: 1, retain: true });
  let seq = 0;
  return () => {
    const entry = {
      at: now(),
      from: "sim/level",
      to: null,
      ttl: null,
      flags: 0,
      trace: null,
      quality: 0 as const,
    };
    const batch = { lane: lane.telemetry, session, firstSeq: seq, entries: [{ ...entry, body: seq % 100 }] };
    seq += 1;
    client.publish(topics.up(lane.telemetry), Buffer.from(encodeBatch(batch)), { qos: 1 });
  };
}

const send = await Promise.all(Array.from({ length: agents }, (_, index) => openAgent(index)));
process.stdout.write("ready\n");
const startedAt = performance.now();
for (let sent = 0; ;) {
  const due = ((performance.now() - startedAt) * rate) / 1000;
  for (; sent < due; sent += 1) send[sent % send.length]?.();
  await sleep(tick);
}
