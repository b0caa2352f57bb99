// The clients that people have, against the hub with an account: mosquitto_pub and mosquitto_sub, and mqtt.js.
// What each of them does with every byte stands in the vectors; here it is whether they get along.

import { connect as connectMqtt, type IClientOptions, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../programs.ts";
import { requires } from "../requires.ts";
import { account, type Broker, startHubBroker } from "./brokers.ts";
import { mosquitto, MosquittoProgram } from "./mosquitto-clients.ts";

const testWithMosquittoClients = requires("mosquitto_pub");
const qualities = [0, 1, 2] as const;
const signals = ["SIGTERM", "SIGKILL"] as const;

let hub: Broker;
let topics = 0;

beforeAll(async () => {
  hub = await startHubBroker();
});

afterAll(() => hub[Symbol.asyncDispose]());

const freshTopic = () => `clients/${(topics += 1)}`;

describe("mosquitto_pub and mosquitto_sub", () => {
  const words = (...more: readonly string[]) => {
    const place = ["-h", "127.0.0.1", "-p", String(hub.tcp.port), "-V", "mqttv311"];
    return [...place, "-u", account.user, "-P", account.password, ...more];
  };
  const format = ["-F", "%t %p %q %r"];
  const publish = (...more: readonly string[]) => mosquitto("mosquitto_pub", words(...more));

  testWithMosquittoClients.for(qualities)("a message of QoS %i comes", async (qos) => {
    const topic = freshTopic();
    await using subscriber = new MosquittoProgram(
      "mosquitto_sub",
      words("-d", "-t", `${topic}/#`, "-q", "2", "-C", "1", ...format),
    );
    await subscriber.says("Subscribed");

    const published = await publish("-t", `${topic}/a`, "-m", "hello", "-q", String(qos));

    expect(published).toEqual({ code: 0, output: "" });
    expect(await subscriber.ended).toBe(0);
    expect(subscriber.output).toContain(`${topic}/a hello ${qos} 0\n`);
  });

  testWithMosquittoClients("a retained message waits, until it is removed", async () => {
    const topic = freshTopic();
    const look = () =>
      mosquitto("mosquitto_sub", words("-t", topic, "-q", "1", "-C", "1", "-W", "1", ...format));
    await publish("-t", topic, "-m", "stays", "-q", "1", "-r");

    expect((await look()).output).toBe(`${topic} stays 1 1\n`);
    await publish("-t", topic, "-n", "-q", "1", "-r");
    expect((await look()).output).not.toContain(topic);
  });

  testWithMosquittoClients("the will of a client that is killed comes", async () => {
    const topic = freshTopic();
    await using watcher = new MosquittoProgram(
      "mosquitto_sub",
      words("-d", "-t", topic, "-q", "1", "-C", "1", ...format),
    );
    await watcher.says("Subscribed");
    const will = ["--will-topic", topic, "--will-payload", "gone", "--will-qos", "1"];
    await using client = new MosquittoProgram("mosquitto_sub", words("-d", "-t", freshTopic(), ...will));
    await client.says("Subscribed");

    client.kill();

    expect(await watcher.ended).toBe(0);
    expect(watcher.output).toContain(`${topic} gone 1 0\n`);
  });

  testWithMosquittoClients.for(signals)("a session outlives a hub that ends by %s", async (signal) => {
    const topic = freshTopic();
    const session = ["-c", "-i", `mosquitto-${signal}`, "-t", topic, "-q", "2"];
    expect((await mosquitto("mosquitto_sub", words(...session, "-E"))).code).toBe(0);
    await publish("-t", topic, "-m", "one", "-q", "1");
    await publish("-t", topic, "-m", "two", "-q", "2");

    await hub.restart(signal);

    const { output } = await mosquitto("mosquitto_sub", words(...session, "-C", "2", "-W", "5", ...format));
    expect(output).toBe(`${topic} one 1 0\n${topic} two 2 0\n`);
  });

  testWithMosquittoClients("a wrong password is refused", async () => {
    const wrong = ["-h", "127.0.0.1", "-p", String(hub.tcp.port), "-u", account.user, "-P", "wrong"];

    const { code, output } = await mosquitto("mosquitto_pub", [...wrong, "-t", freshTopic(), "-m", "x"]);

    expect([4, 5]).toContain(code);
    expect(output).toContain("Connection Refused");
  });

  testWithMosquittoClients("a subscription that is not allowed is denied", async () => {
    const { output } = await mosquitto("mosquitto_sub", words("-d", "-t", "test/nosubscribe", "-W", "2"));

    expect(output).toContain("All subscription requests were denied");
  });

  testWithMosquittoClients("a message of 120,000 bytes comes as it is", async () => {
    const topic = freshTopic();
    const text = "0123456789".repeat(12_000);
    await publish("-t", topic, "-m", text, "-q", "1", "-r");

    const { output } = await mosquitto("mosquitto_sub", words("-t", topic, "-C", "1", "-W", "5"));

    expect(output).toBe(`${text}\n`);
    await publish("-t", topic, "-n", "-q", "1", "-r");
  });
});

describe.each(["mqtt", "ws"] as const)("mqtt.js over %s", (protocol) => {
  async function connect(options: IClientOptions = {}): Promise<Listener> {
    const port = protocol === "mqtt" ? hub.tcp.port : hub.websocket.port;
    const url = `${protocol}://127.0.0.1:${port}/mqtt`;
    const { user: username, password } = account;
    const usual: IClientOptions = { protocolVersion: 4, username, password, reconnectPeriod: 0 };
    const mqtt = connectMqtt(url, { ...usual, ...options });
    // What waited for a session comes in one piece with the word that it is connected.
    const listener = new Listener(mqtt);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    mqtt.once("connect", () => resolve());
    mqtt.once("error", reject);
    await promise;
    return listener;
  }

  test.for(qualities)("a message of QoS %i comes", async (qos) => {
    const topic = freshTopic();
    await using client = await connect();
    await client.mqtt.subscribeAsync(`${topic}/+`, { qos: 2 });

    await client.mqtt.publishAsync(`${topic}/a`, "hello", { qos });

    expect(await client.hears(1)).toEqual([{ topic: `${topic}/a`, text: "hello", qos, retain: false }]);
  });

  test("a retained message waits, until it is removed", async () => {
    const topic = freshTopic();
    await using client = await connect();
    await client.mqtt.publishAsync(topic, "stays", { qos: 1, retain: true });
    await client.mqtt.subscribeAsync(topic, { qos: 1 });

    expect(await client.hears(1)).toEqual([{ topic, text: "stays", qos: 1, retain: true }]);
    await client.mqtt.publishAsync(topic, "", { qos: 1, retain: true });
    await using late = await connect();
    await late.mqtt.subscribeAsync(topic, { qos: 1 });
    await late.mqtt.publishAsync(topic, "live", { qos: 1 });
    expect(await late.hears(1)).toEqual([{ topic, text: "live", qos: 1, retain: false }]);
  });

  test("the will of a client whose connection breaks comes, and not after its farewell", async () => {
    const topic = freshTopic();
    await using watcher = await connect();
    await watcher.mqtt.subscribeAsync(topic, { qos: 1 });
    const will = (payload: string) =>
      ({ will: { topic, payload: Buffer.from(payload), qos: 1, retain: false } }) as const;
    await using polite = await connect(will("never"));
    await using other = await connect(will("gone"));

    await polite.mqtt.endAsync();
    other.mqtt.stream.destroy();

    expect(await watcher.hears(1)).toEqual([{ topic, text: "gone", qos: 1, retain: false }]);
  });

  test.for(signals)("a session outlives a hub that ends by %s", async (signal) => {
    const topic = freshTopic();
    const session = { clientId: `mqttjs-${protocol}-${signal}`, clean: false };
    const first = await connect(session);
    await first.mqtt.subscribeAsync(topic, { qos: 2 });
    await first[Symbol.asyncDispose]();
    const publisher = await connect();
    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    await Promise.all(
      texts.map((text, index) => publisher.mqtt.publishAsync(topic, text, { qos: index % 2 === 0 ? 1 : 2 })),
    );

    await hub.restart(signal);

    await publisher[Symbol.asyncDispose]();
    await using again = await connect(session);
    const heard = await again.hears(texts.length);
    // Each quality keeps its order; a message of QoS 2 is passed on with its PUBREL.
    const ofQuality = (qos: number) => heard.filter((each) => each.qos === qos).map(({ text }) => text);
    expect(ofQuality(1)).toEqual(texts.filter((_, index) => index % 2 === 0));
    expect(ofQuality(2)).toEqual(texts.filter((_, index) => index % 2 === 1));
  });

  test("a wrong password is refused", async () => {
    const refused = connect({ password: "wrong" });

    await expect(refused).rejects.toMatchObject({
      code: expect.toSatisfy((code) => code === 4 || code === 5),
    });
  });

  test("whoever is shown retained messages may ask to remove them all, the hub's own too, and goes on", async () => {
    const topic = freshTopic();
    await using client = await connect();
    await client.mqtt.publishAsync(topic, "stays", { qos: 1, retain: true });
    await client.mqtt.subscribeAsync("#", { qos: 0 });
    await eventually("it is shown", () => client.heard.some((each) => each.retain && each.topic === topic));

    const shown = client.heard.filter(({ retain }) => retain);
    await Promise.all(
      shown.map((each) => client.mqtt.publishAsync(each.topic, "", { qos: 1, retain: true })),
    );

    await using late = await connect();
    await late.mqtt.subscribeAsync("clients/#", { qos: 0 });
    await late.mqtt.publishAsync(topic, "live", { qos: 1 });
    expect(await late.hears(1)).toEqual([{ topic, text: "live", qos: 0, retain: false }]);
    expect(client.mqtt.connected).toBe(true);
  });

  test("a subscription that is not allowed is denied", async () => {
    await using client = await connect();

    await expect(client.mqtt.subscribeAsync("test/nosubscribe", { qos: 1 })).rejects.toThrow(
      /128|unspecified/i,
    );
  });
});

interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly qos: number;
  readonly retain: boolean;
}

class Listener implements AsyncDisposable {
  readonly mqtt: MqttClient;
  readonly #heard: Heard[] = [];

  constructor(mqtt: MqttClient) {
    this.mqtt = mqtt;
    mqtt.on("error", () => undefined);
    mqtt.on("message", (topic, payload, { qos, retain }) => {
      this.#heard.push({ topic, text: payload.toString(), qos, retain });
    });
  }

  get heard(): readonly Heard[] {
    return this.#heard;
  }

  /** All that was heard, once it is so many. */
  async hears(count: number): Promise<readonly Heard[]> {
    await eventually(`${count} messages`, () => this.#heard.length >= count);
    return this.#heard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mqtt.endAsync(true);
  }
}
