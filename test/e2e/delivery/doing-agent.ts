// An agent without modules at the other end of routes: our inbox, our switchboard, our outbox for the receipts. What its
// inputs are told is what it does, and it remembers when.

import { randomBytes } from "node:crypto";
import { connect, type MqttClient } from "mqtt";
import { instant, micros, millis } from "@interactor/shared/kernel/units";
import { isLane, type Lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics, parseTopic, siteTopics } from "@interactor/shared/wire/topics";
import { Inbox } from "../../../agent/src/core/inbox/inbox.ts";
import { Outbox } from "../../../agent/src/core/outbox/outbox.ts";
import { Switchboard } from "../../../agent/src/core/switchboard/switchboard.ts";
import type { LightAgentOptions } from "./light-agent.ts";

export interface Done {
  /** Of the input that was told. */
  readonly input: string;
  readonly value: number;
  /** ms, as `performance.now` has it. */
  readonly at: number;
}

const retryAfter = 20;

export class DoingAgent implements AsyncDisposable {
  readonly done: Done[] = [];
  /** How much was done, by input. */
  readonly counts = new Map<string, number>();
  readonly #options: LightAgentOptions;
  readonly #inputs: readonly string[];
  readonly #session = sessionOf(randomBytes(8));
  readonly #outbox = new Outbox(this.#session);
  readonly #inbox: Inbox;
  readonly #topics: ReturnType<typeof nodeTopics>;
  #client: MqttClient | undefined;
  #connections = 0;
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  /** `inputs`: of its instance `stage`. */
  constructor(options: LightAgentOptions, inputs: readonly string[]) {
    this.#options = options;
    this.#inputs = inputs;
    this.#topics = nodeTopics(options.site, options.node);
    const switchboard = new Switchboard(options.node, {
      apply: ({ port }, applied) => {
        this.done.push({ input: port, value: Number(applied?.value), at: performance.now() });
        this.counts.set(port, (this.counts.get(port) ?? 0) + 1);
      },
      ownersChanged: () => undefined,
      held: () => undefined,
    });
    switchboard.declare("stage", { inputs: this.#ports(), outputs: {} }, now());
    this.#inbox = new Inbox(switchboard, {
      receipt: (receipt) => this.#outbox.receipt(receipt, now().wall, now().instant),
      result: () => undefined,
      clock: () => undefined,
      refused: () => undefined,
      missed: () => undefined,
    });
    this.#connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#client?.endAsync(true);
  }

  #ports(): Record<string, { readonly type: "int" }> {
    return Object.fromEntries(this.#inputs.map((input) => [input, { type: "int" }]));
  }

  #connect(): void {
    if (this.#isEnded) return;
    const { hub, site, node } = this.#options;
    const clientId = siteTopics(site).clientId(node);
    const client = connect(hub, { clientId, username: node, clean: true, reconnectPeriod: 0, keepalive: 2 });
    this.#client = client;
    client.on("connect", () => {
      client.subscribe(this.#topics.downAll, { qos: 1 });
      this.#connected(client);
    });
    client.on("message", (topic, payload) => {
      const parsed = parseTopic(topic);
      if (parsed?.kind === "down" && isLane(parsed.lane)) this.#inbox.receive(parsed.lane, payload, now());
      this.#pump();
    });
    client.on("error", () => undefined);
    client.once("close", () => {
      this.#outbox.disconnected();
      client.end(true);
      if (!this.#isEnded) setTimeout(() => this.#connect(), retryAfter);
    });
  }

  #connected(client: MqttClient): void {
    if (this.#client !== client) return;
    this.#connections += 1;
    const birth = encodeNodeState({
      v: 1,
      kind: "birth",
      session: this.#session,
      connection: this.#connections,
      unit: this.#options.node,
      agentVersion: "0.1.0",
      at: now().wall,
      instances: { stage: { module: "stage", version: "0.1.0", inputs: this.#ports(), outputs: {} } },
    });
    client.publish(this.#topics.state, Buffer.from(birth), { qos: 1, retain: true });
    this.#outbox.connected();
    this.#pump();
  }

  #pump(): void {
    const at = now().instant;
    const again = this.#outbox.pump(at, (lane, payload, lastSeq) => this.#publish(lane, payload, lastSeq));
    clearTimeout(this.#timer);
    if (again !== undefined) this.#timer = setTimeout(() => this.#pump(), millis(Math.max(again - at, 1)));
  }

  #publish(lane: Lane, payload: Uint8Array, lastSeq: number): void {
    this.#client?.publish(this.#topics.up(lane), Buffer.from(payload), { qos: 1 }, (error) => {
      if (error !== undefined && error !== null) return;
      this.#outbox.confirmed(lane, lastSeq);
      this.#pump();
    });
  }
}

const now = () => ({ instant: instant(performance.now()), wall: micros(Date.now() * 1000) });
