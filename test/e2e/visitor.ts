// Somebody who watches and asks over MQTT, as the dashboard and the command line do.

import { micros, type Millis, seconds } from "@interactor/shared/kernel/units";
import { encodeCommand } from "@interactor/shared/wire/messages/command";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { encodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { parseSiteAddress } from "@interactor/shared/wire/names";
import { siteTopics } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { connectAsync, type MqttClient } from "mqtt";

export interface Heard {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly isRetained: boolean;
}

export interface SetOptions {
  readonly holdFor?: Millis;
  readonly ttl?: Millis;
  readonly by?: string;
}

let visitors = 0;

export class Visitor implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #topics = siteTopics("demo");
  readonly #heard: Heard[] = [];

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload, { retain }) => {
      this.#heard.push({ topic, payload, isRetained: retain });
    });
    // A hub that goes away is part of the tests; the client connects again by itself.
    client.on("error", () => undefined);
  }

  /** Watches `filters`; the values of the site by default. */
  static async connect(url: string, filters?: readonly string[]): Promise<Visitor> {
    visitors += 1;
    const clientId = `visitor-${process.pid}-${visitors}`;
    const client = await connectAsync(url, { clientId, reconnectPeriod: 200, connectTimeout: 5000 });
    const visitor = new Visitor(client);
    const wanted = filters ?? [siteTopics("demo").values];
    if (wanted.length > 0) await client.subscribeAsync([...wanted], { qos: 1 });
    return visitor;
  }

  get heard(): readonly Heard[] {
    return this.#heard;
  }

  /** Forgets what was heard so far. */
  forget(): void {
    this.#heard.length = 0;
  }

  /** The public values of `node/instance/port` in the order they came. */
  values(address: string): readonly Value[] {
    const topic = `${this.#topics.valueRoot}/${address}`;
    return this.#heard.flatMap((each) => {
      const decoded = each.topic === topic ? decodePublicValue(each.payload) : undefined;
      return decoded?.ok === true ? [decoded.value.value] : [];
    });
  }

  async set(address: string, value: boolean | number | string, options: SetOptions = {}): Promise<void> {
    const { holdFor = seconds(10), ttl = seconds(5), by = "visitor" } = options;
    const command = encodeCommand({ kind: "set", value, holdFor, ttl, by });
    await this.#publish(this.#setTopic(address), command, false);
  }

  async release(address: string): Promise<void> {
    const command = encodeCommand({ kind: "release", ttl: seconds(5), by: "visitor" });
    await this.#publish(this.#setTopic(address), command, false);
  }

  async latchStop(latched: boolean): Promise<void> {
    const latch = encodeStopLatch({ v: 1, latched, by: "visitor", at: micros(Date.now() * 1000) });
    await this.#publish(this.#topics.stop("all"), latch, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }

  #setTopic(address: string): string {
    const parsed = parseSiteAddress(address);
    if (!parsed.ok) throw new Error(`${address} is no address`);
    return this.#topics.set(parsed.value);
  }

  async #publish(topic: string, payload: Uint8Array, retain: boolean): Promise<void> {
    await this.#client.publishAsync(topic, Buffer.from(payload), { qos: 1, retain });
  }
}
