/** Where the routes of a bench lead: an agent without modules, that takes what its inputs are sent and says so. */
import { randomBytes } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import { micros } from "@interactor/shared/kernel/units";
import { decodeBatch, encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, quality } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { receiptBody } from "@interactor/shared/wire/messages/receipt";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics, parseTopic, siteTopics } from "@interactor/shared/wire/topics";
import { benchSite } from "./subjects.ts";

const node = "target";
const instance = "sink";
const base = "in";

/** The address of its n-th input, from 1. */
export const targetInput = (place: number): string => `${node}/${instance}/${base}${place}`;

export class TargetAgent implements AsyncDisposable {
  readonly #session = sessionOf(randomBytes(sessionBytes));
  readonly #topics = nodeTopics(benchSite, node);
  readonly #client: MqttClient;
  /** Values by the input that they were for. */
  readonly #taken = new Map<string, number>();
  #nextSeq = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.#take(topic, payload));
  }

  static async connect(port: number, inputs: number): Promise<TargetAgent> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId: siteTopics(benchSite).clientId(node),
      username: node,
      reconnectPeriod: 0,
    });
    const agent = new TargetAgent(client);
    await client.subscribeAsync(agent.#topics.downAll, { qos: 1 });
    const birth = Buffer.from(agent.#birth(inputs));
    await client.publishAsync(agent.#topics.state, birth, { qos: 1, retain: true });
    return agent;
  }

  /** Inputs that were sent something, and what all of them were sent. */
  get taken(): { readonly inputs: number; readonly values: number } {
    const counts = [...this.#taken.values()];
    return { inputs: counts.length, values: counts.reduce((sum, count) => sum + count, 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }

  #birth(inputs: number): Uint8Array {
    const sink = {
      module: "sink",
      version: "0.1.0",
      inputs: { [base]: { type: "float" as const, count: inputs } },
      outputs: {},
    };
    const life = { session: this.#session, connection: 1, unit: node, agentVersion: "0.1.0" };
    return encodeNodeState({ v: 1, kind: "birth", ...life, at: now(), instances: { [instance]: sink } });
  }

  #take(topicText: string, payload: Uint8Array): void {
    const topic = parseTopic(topicText);
    if (topic?.kind !== "down") return;
    const batch = decodeBatch(payload, topic.lane);
    if (!batch.ok) throw new Error(`the hub sent what is no batch: ${batch.error}`);
    const { session, firstSeq, entries } = batch.value;
    for (const { to, flags } of entries)
      if (flags === 0 && to !== null) this.#taken.set(to, (this.#taken.get(to) ?? 0) + 1);
    const receipt: Entry = {
      at: now(),
      from: "",
      to: null,
      ttl: null,
      flags: entryFlag.receipt,
      trace: null,
      quality: quality.good,
      body: receiptBody({ lane: topic.lane, session, seq: firstSeq + entries.length - 1 }),
    };
    const numbers = { session: this.#session, firstSeq: this.#nextSeq };
    const answer = encodeBatch({ lane: lane.control, ...numbers, entries: [receipt] });
    this.#nextSeq += 1;
    this.#client.publish(this.#topics.up(lane.control), Buffer.from(answer), { qos: 1 });
  }
}

const now = () => micros(Date.now() * 1000);
