/** A peer that sends as fast as it can, in two ways: as a node with batches, and as any client with messages. */

import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { micros } from "@interactor/shared/kernel/units";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, quality } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { connectAsync, type MqttClient } from "mqtt";
import { answerRequests } from "../remote.ts";

export interface FloodQuestion {
  /** `mqtt://…` */
  readonly hub: string;
}

/** What it is called at the hub. */
const floodNode = "flood";
const session = sessionOf(randomBytes(8));
const topics = nodeTopics("demo", floodNode);
/** Far more than an agent would have on its way. */
const unconfirmedMax = 500;
const entriesPerBatch = 64;
/** No command; the hub has to read it to know. */
const noise = Buffer.alloc(500, "noise ");

answerRequests(async (asked) => {
  const { hub } = asked as FloodQuestion;
  const options = { reconnectPeriod: 0, keepalive: 60 };
  const clientId = siteTopics("demo").clientId(floodNode);
  const node = await connectAsync(hub, { ...options, clientId, username: "unit-flood" });
  const client = await connectAsync(hub, { ...options, clientId: "flood-client" });
  for (const each of [node, client]) each.on("error", () => undefined);
  await node.publishAsync(topics.state, Buffer.from(birth()), { qos: 1, retain: true });
  void floodWithBatches(node);
  void floodWithMessages(client);
});

function birth(): Uint8Array {
  return encodeNodeState({
    v: 1,
    kind: "birth",
    session,
    connection: 1,
    unit: "unit-flood",
    agentVersion: "0.1.0",
    at: micros(Date.now() * 1000),
    instances: {
      hose: { module: "hose", version: "0.1.0", inputs: {}, outputs: { drop: { type: "int" } } },
    },
  });
}

async function floodWithBatches(client: MqttClient): Promise<void> {
  const onTheWay = { batches: 0 };
  for (let firstSeq = 0; client.connected; firstSeq += entriesPerBatch) {
    while (onTheWay.batches >= unconfirmedMax && client.connected) await turn();
    const entries = Array.from({ length: entriesPerBatch }, (_, index) => drop(firstSeq + index));
    const batch = encodeBatch({ lane: lane.telemetry, session, firstSeq, entries });
    onTheWay.batches += 1;
    client.publish(topics.up(lane.telemetry), Buffer.from(batch), { qos: 1 }, () => (onTheWay.batches -= 1));
    if (onTheWay.batches % 8 === 0) await turn();
  }
}

function drop(body: number): Entry {
  const at = micros(Date.now() * 1000);
  return { at, from: "hose/drop", to: null, ttl: null, flags: 0, trace: null, quality: quality.good, body };
}

/** A burst is followed by the next when the socket has taken it. */
async function floodWithMessages(client: MqttClient): Promise<void> {
  const topic = siteTopics("demo").set({ node: floodNode, instance: "hose", port: "tap" });
  while (client.connected) {
    for (let count = 0; count < 100; count += 1) client.publish(topic, noise, { qos: 0 });
    await client.publishAsync(topic, noise, { qos: 0 });
    await turn();
  }
}
