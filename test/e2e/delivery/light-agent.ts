// An agent without modules, many of which fit into one process: our wire and our outbox, a counter for an output.
// Each message says its number, so that a judge can see what became of every one.

import { randomBytes } from "node:crypto";
import { connect, type MqttClient } from "mqtt";
import { instant, micros, millis } from "@interactor/shared/kernel/units";
import { quality } from "@interactor/shared/wire/entry";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { LaneSender } from "@interactor/shared/wire/lane-sender";
import { Ledger } from "@interactor/shared/wire/ledger";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { type Session, sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";

export interface LightAgentOptions {
  /** `mqtt://…` */
  readonly hub: string;
  readonly site: string;
  readonly node: string;
  /** In which its output goes up; telemetry, when nothing is said. */
  readonly lane?: Lane;
}

export interface LightAgentEvents {
  /** These numbers of the lane are about to leave for the first time, and hold counters from `first` on. */
  readonly sent: (session: Session, lastSeq: number) => void;
  /** The hub has confirmed all up to this number. */
  readonly confirmed: (session: Session, lastSeq: number) => void;
  readonly connected: () => void;
}

/** Nothing else says that a hub is gone, and it may be back at once. */
const retryAfter = 20;
const limits = { messagesMax: 20_000, bytesMax: 8 * 1024 * 1024 };

export class LightAgent {
  readonly #options: LightAgentOptions;
  readonly #events: LightAgentEvents;
  readonly #session = sessionOf(randomBytes(8));
  readonly #ledger = new Ledger();
  readonly #sender = new LaneSender(this.#session, limits, this.#ledger);
  readonly #topics: ReturnType<typeof nodeTopics>;
  #client: MqttClient | undefined;
  #connections = 0;
  #highest = -1;
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LightAgentOptions, events: LightAgentEvents) {
    this.#options = options;
    this.#events = events;
    this.#topics = nodeTopics(options.site, options.node);
    this.#connect();
  }

  /** Messages that wait, or are on the way. */
  get queued(): number {
    return this.#sender.queued;
  }

  /** The next message of its output. */
  produce(counter: number): void {
    const { lane: into = lane.telemetry } = this.#options;
    const entry = {
      at: micros(Date.now() * 1000),
      from: "counter/count",
      to: null,
      ttl: null,
      flags: 0,
      trace: null,
      quality: quality.good,
      body: counter,
    };
    if (!this.#sender.offer({ lane: into, entry, key: undefined }, now()))
      throw new Error(`the outbox of ${this.#options.node} is full`);
    this.#pump();
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#client?.endAsync(true);
  }

  #connect(): void {
    if (this.#isEnded) return;
    const { hub, site, node } = this.#options;
    const clientId = siteTopics(site).clientId(node);
    const client = connect(hub, { clientId, username: node, clean: true, reconnectPeriod: 0, keepalive: 2 });
    this.#client = client;
    client.on("connect", () => this.#connected(client));
    client.on("error", () => undefined);
    client.once("close", () => {
      this.#sender.disconnected();
      client.end(true);
      if (!this.#isEnded) setTimeout(() => this.#connect(), retryAfter);
    });
  }

  #connected(client: MqttClient): void {
    if (this.#client !== client) return;
    this.#connections += 1;
    client.publish(this.#topics.state, Buffer.from(this.#birth()), { qos: 1, retain: true });
    this.#events.connected();
    this.#sender.connected();
    this.#pump();
  }

  #birth(): Uint8Array {
    return encodeNodeState({
      v: 1,
      kind: "birth",
      session: this.#session,
      connection: this.#connections,
      unit: this.#options.node,
      agentVersion: "0.1.0",
      at: micros(Date.now() * 1000),
      instances: {
        counter: {
          module: "counter",
          version: "0.1.0",
          inputs: {},
          outputs: { count: { type: "int", deliver: "every" } },
        },
      },
    });
  }

  #pump(): void {
    const at = now();
    const again = this.#sender.pump(at, (into, payload, lastSeq) => this.#publish(into, payload, lastSeq));
    clearTimeout(this.#timer);
    if (again !== undefined) this.#timer = setTimeout(() => this.#pump(), millis(Math.max(again - at, 1)));
  }

  #publish(into: Lane, payload: Uint8Array, lastSeq: number): void {
    if (lastSeq > this.#highest) {
      this.#highest = lastSeq;
      this.#events.sent(this.#session, lastSeq);
    }
    const { buffer, byteOffset, byteLength } = payload;
    this.#client?.publish(
      this.#topics.up(into),
      Buffer.from(buffer, byteOffset, byteLength),
      { qos: 1 },
      (error) => {
        if (error !== undefined && error !== null) return;
        this.#events.confirmed(this.#session, lastSeq);
        this.#sender.confirm(into, lastSeq);
        this.#pump();
      },
    );
  }
}

const now = () => instant(performance.now());
