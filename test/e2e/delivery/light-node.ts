// A node on a light client, for what is timed. It publishes readings, each in a batch of its own or many in one, takes
// what comes down, and confirms it when whoever uses it says so; or it takes nothing at all.

import { randomBytes } from "node:crypto";
import { micros } from "@interactor/shared/kernel/units";
import { type Batch, decodeBatch, encodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, quality } from "@interactor/shared/wire/entry";
import { type Lane, lane as lanes, laneNumbers } from "@interactor/shared/wire/lanes";
import type { InputSpec, OutputSpec, Ports } from "@interactor/shared/wire/messages/port";
import { receiptBody } from "@interactor/shared/wire/messages/receipt";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { LightClient } from "./light-client.ts";

export interface LightNodeOptions {
  /** Of the hub, on 127.0.0.1. */
  readonly port: number;
  readonly site: string;
  readonly node: string;
  /** Of its one instance, `sim`. */
  readonly outputs?: Ports<OutputSpec>;
  readonly inputs?: Ports<InputSpec>;
}

/** What came down, as soon as it was read from the socket. `confirm` gives the hub's window free. */
export type TakeBatch = (batch: Batch, confirm: () => void) => void;

export class LightNode implements AsyncDisposable {
  readonly #client: LightClient;
  readonly #topics: ReturnType<typeof nodeTopics>;
  readonly #session = sessionOf(randomBytes(8));
  readonly #nextSeq = laneNumbers.map(() => 0);

  private constructor(client: LightClient, topics: ReturnType<typeof nodeTopics>) {
    this.#client = client;
    this.#topics = topics;
  }

  /** Resolves when the hub has confirmed its birth. */
  static async connect(options: LightNodeOptions, take: TakeBatch = confirmAtOnce): Promise<LightNode> {
    const { port, site, node } = options;
    const topics = nodeTopics(site, node);
    const clientId = siteTopics(site).clientId(node);
    const opened = { port, clientId, user: `unit-${node}`, filters: [topics.downAll] };
    const client = await LightClient.connect(opened, (topic, payload) => light.#came(topic, payload, take));
    const light = new LightNode(client, topics);
    await light.#bear(options);
    return light;
  }

  /** Readings of one output in one batch. `confirmed`: the hub has it. */
  publish(lane: Lane, output: string, bodies: readonly Value[], confirmed?: () => void): void {
    const entries = bodies.map((body) => entryOf(`sim/${output}`, body, 0));
    this.#batch(lane, entries, confirmed);
  }

  /** Takes nothing any more: the socket fills. */
  stall(): void {
    this.#client.stall();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  #bear({ node, inputs = {}, outputs = {} }: LightNodeOptions): Promise<void> {
    const birth = encodeNodeState({
      v: 1,
      kind: "birth",
      session: this.#session,
      connection: 1,
      unit: `unit-${node}`,
      agentVersion: "0.1.0",
      at: micros(Date.now() * 1000),
      instances: { sim: { module: "simulated", version: "0.1.0", inputs, outputs } },
    });
    return new Promise((confirmed) => {
      this.#client.publish(this.#topics.state, birth, { retain: true, confirmed });
    });
  }

  #came(topic: string, payload: Buffer, take: TakeBatch): void {
    const lane = laneNumbers.find((each) => this.#topics.down(each) === topic);
    if (lane === undefined) return;
    const decoded = decodeBatch(payload, lane);
    if (!decoded.ok) throw new Error(`a batch on ${topic} that nobody can read: ${decoded.error}`);
    const { session, firstSeq, entries } = decoded.value;
    take(decoded.value, () => {
      const body = receiptBody({ lane, session, seq: firstSeq + entries.length - 1 });
      this.#batch(lanes.control, [entryOf("", body, entryFlag.receipt)]);
    });
  }

  #batch(lane: Lane, entries: readonly Entry[], confirmed?: () => void): void {
    const firstSeq = this.#nextSeq[lane] ?? 0;
    this.#nextSeq[lane] = firstSeq + entries.length;
    const payload = encodeBatch({ lane, session: this.#session, firstSeq, entries });
    this.#client.publish(this.#topics.up(lane), payload, confirmed === undefined ? {} : { confirmed });
  }
}

const confirmAtOnce: TakeBatch = (_batch, confirm) => confirm();

function entryOf(from: string, body: Entry["body"], flags: number): Entry {
  return {
    at: micros(Date.now() * 1000),
    from,
    to: null,
    ttl: null,
    flags,
    trace: null,
    quality: quality.good,
    body,
  };
}
