// The connection of a light agent: a client with nothing of its own kept, and another one as soon as it is cut off.

import { randomBytes } from "node:crypto";
import { connect, type MqttClient } from "mqtt";
import { instant, millis, type Instant, micros, type Micros } from "@interactor/shared/kernel/units";
import type { Lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState, type InstanceDeclaration } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";

export interface LightLineOptions {
  /** `mqtt://…` */
  readonly hub: string;
  readonly site: string;
  readonly node: string;
}

export interface LightLineEvents {
  /** Its birth has been said. */
  readonly connected: () => void;
  readonly disconnected: () => void;
  /** Something came down, where it hears that. */
  readonly message?: (topic: string, payload: Uint8Array) => void;
  /** Gives what may leave now. Returns when to ask again. */
  readonly pump: (at: Instant) => Instant | undefined;
}

/** Nothing else says that a hub is gone, and it may be back at once. */
const retryAfter = 20;

export const now = (): { readonly instant: Instant; readonly wall: Micros } => ({
  instant: instant(performance.now()),
  wall: micros(Date.now() * 1000),
});

export class LightLine {
  readonly session = sessionOf(randomBytes(8));
  readonly #options: LightLineOptions;
  readonly #instances: Readonly<Record<string, InstanceDeclaration>>;
  readonly #events: LightLineEvents;
  readonly #topics: ReturnType<typeof nodeTopics>;
  #client: MqttClient | undefined;
  #connections = 0;
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  /** `instances`: what its birth declares. */
  constructor(
    options: LightLineOptions,
    instances: Readonly<Record<string, InstanceDeclaration>>,
    events: LightLineEvents,
  ) {
    this.#options = options;
    this.#instances = instances;
    this.#events = events;
    this.#topics = nodeTopics(options.site, options.node);
  }

  open(): void {
    if (this.#isEnded) return;
    const { hub, site, node } = this.#options;
    const clientId = siteTopics(site).clientId(node);
    const client = connect(hub, { clientId, username: node, clean: true, reconnectPeriod: 0, keepalive: 2 });
    this.#client = client;
    const { message } = this.#events;
    client.on("connect", () => {
      if (message !== undefined) client.subscribe(this.#topics.downAll, { qos: 1 });
      this.#connected(client);
    });
    client.on("message", (topic, payload) => message?.(topic, payload));
    client.on("error", () => undefined);
    client.once("close", () => {
      this.#events.disconnected();
      client.end(true);
      if (!this.#isEnded) setTimeout(() => this.open(), retryAfter);
    });
  }

  pump(): void {
    const at = now().instant;
    const again = this.#events.pump(at);
    clearTimeout(this.#timer);
    if (again !== undefined) this.#timer = setTimeout(() => this.pump(), millis(Math.max(again - at, 1)));
  }

  /** `confirmed`: the hub has it. */
  publish(lane: Lane, payload: Uint8Array, confirmed: () => void): void {
    const { buffer, byteOffset, byteLength } = payload;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#client?.publish(this.#topics.up(lane), bytes, { qos: 1 }, (error) => {
      if (error !== undefined && error !== null) return;
      confirmed();
      this.pump();
    });
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#client?.endAsync(true);
  }

  #connected(client: MqttClient): void {
    if (this.#client !== client) return;
    this.#connections += 1;
    const birth = encodeNodeState({
      v: 1,
      kind: "birth",
      session: this.session,
      connection: this.#connections,
      unit: this.#options.node,
      agentVersion: "0.1.0",
      at: now().wall,
      instances: this.#instances,
    });
    client.publish(this.#topics.state, Buffer.from(birth), { qos: 1, retain: true });
    this.#events.connected();
    this.pump();
  }
}
