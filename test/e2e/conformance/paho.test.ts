// Debian's python3-paho-mqtt against the hub with its account, over TCP and WebSocket.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { requires } from "../requires.ts";
import { account, type Broker, startHubBroker } from "./brokers.ts";
import { PahoProgram } from "./paho-program.ts";

const testWithPaho = requires("python3-paho-mqtt");

let hub: Broker;
let paho: PahoProgram;
let topics = 0;

beforeAll(async () => {
  hub = await startHubBroker();
});

afterAll(() => hub[Symbol.asyncDispose]());

beforeEach(() => {
  paho = new PahoProgram();
});

afterEach(() => paho[Symbol.asyncDispose]());

const freshTopic = () => `paho/${(topics += 1)}`;

describe.each(["tcp", "websockets"] as const)("paho over %s", (transport) => {
  async function connect(name: string, options: Readonly<Record<string, unknown>> = {}): Promise<boolean> {
    const port = transport === "tcp" ? hub.tcp.port : hub.websocket.port;
    paho.tell("connect", { name, port, transport, id: `paho-${name}`, ...account, ...options });
    const { code, present } = await paho.hears(name, "connected");
    expect(code).toBe(0);
    return present === true;
  }

  async function subscribe(
    name: string,
    ...filters: readonly (readonly [string, number])[]
  ): Promise<unknown> {
    paho.tell("subscribe", { name, filters });
    return (await paho.hears(name, "subscribed"))["granted"];
  }

  async function publish(name: string, message: Readonly<Record<string, unknown>>): Promise<void> {
    paho.tell("publish", { name, ...message });
    await paho.hears(name, "published");
  }

  testWithPaho.for([0, 1, 2])("a message of QoS %i comes once", async (qos) => {
    const topic = freshTopic();
    await connect("a");
    expect(await subscribe("a", [`${topic}/+`, 2], [`${topic}/#`, 1])).toEqual([2, 1]);

    await publish("a", { topic: `${topic}/x`, payload: "hello", qos });
    await publish("a", { topic: `${topic}/y`, payload: "behind it", qos });

    expect(await paho.hears("a", "message")).toMatchObject({ payload: "hello", qos, retain: false });
    expect(await paho.hears("a", "message")).toMatchObject({ payload: "behind it" });
  });

  testWithPaho("a retained message waits, until it is removed", async () => {
    const topic = freshTopic();
    await connect("a");
    await publish("a", { topic, payload: "stays", qos: 1, retain: true });

    await subscribe("a", [topic, 0]);
    expect(await paho.hears("a", "message")).toMatchObject({ payload: "stays", qos: 0, retain: true });
    await publish("a", { topic, payload: "", qos: 1, retain: true });
    expect(await paho.hears("a", "message")).toMatchObject({ payload: "", retain: false });
    await subscribe("a", [topic, 0]);
    await publish("a", { topic, payload: "live", qos: 1 });
    expect(await paho.hears("a", "message")).toMatchObject({ payload: "live", retain: false });
  });

  testWithPaho("a will comes when the connection breaks, and not after DISCONNECT", async () => {
    const topic = freshTopic();
    await connect("watcher");
    await subscribe("watcher", [topic, 2]);
    await connect("polite", { will: { topic, payload: "never", qos: 1 } });
    await connect("other", { will: { topic, payload: "gone", qos: 2 } });

    paho.tell("disconnect", { name: "polite" });
    await paho.hears("polite", "disconnected");
    paho.tell("cut", { name: "other" });

    expect(await paho.hears("watcher", "message")).toMatchObject({ payload: "gone", qos: 2 });
  });

  testWithPaho("a client that falls silent is cut, and its will comes", async () => {
    const topic = freshTopic();
    await connect("watcher");
    await subscribe("watcher", [topic, 2]);
    await connect("kept", { keepalive: 1 });
    await connect("other", { keepalive: 1, will: { topic, payload: "gone", qos: 2 } });

    // Its thread is gone and its socket stays.
    paho.tell("stop", { name: "other" });

    expect(await paho.hears("watcher", "message")).toMatchObject({ payload: "gone" });
    expect(paho.unheard.filter(({ client }) => client === "kept")).toEqual([]);
  });

  testWithPaho.for(["SIGTERM", "SIGKILL"] as const)(
    "a session outlives a hub that ends by %s",
    async (signal) => {
      const topic = freshTopic();
      const id = `paho-${transport}-${signal}`;
      expect(await connect("a", { id, clean: false })).toBe(false);
      await subscribe("a", [topic, 2]);
      paho.tell("disconnect", { name: "a" });
      await paho.hears("a", "disconnected");
      await connect("b");
      await publish("b", { topic, payload: "one", qos: 1 });
      await publish("b", { topic, payload: "two", qos: 2 });
      paho.tell("disconnect", { name: "b" });
      await paho.hears("b", "disconnected");

      await hub.restart(signal);

      expect(await connect("again", { id, clean: false })).toBe(true);
      expect(await paho.hears("again", "message")).toMatchObject({ payload: "one", qos: 1, retain: false });
      expect(await paho.hears("again", "message")).toMatchObject({ payload: "two", qos: 2, retain: false });
      await publish("again", { topic, payload: "three", qos: 2 });
      expect(await paho.hears("again", "message")).toMatchObject({ payload: "three", qos: 2 });
    },
  );

  testWithPaho("UNSUBSCRIBE ends a subscription", async () => {
    const topic = freshTopic();
    await connect("a");
    await subscribe("a", [`${topic}/x`, 1], [`${topic}/y`, 1]);

    paho.tell("unsubscribe", { name: "a", filters: [`${topic}/x`] });
    await paho.hears("a", "unsubscribed");
    await publish("a", { topic: `${topic}/x`, payload: "no", qos: 1 });
    await publish("a", { topic: `${topic}/y`, payload: "yes", qos: 1 });

    expect(await paho.hears("a", "message")).toMatchObject({ payload: "yes" });
  });

  testWithPaho("a subscription that is not allowed has code 0x80, beside one that is", async () => {
    await connect("a");

    expect(await subscribe("a", ["test/nosubscribe", 2], [freshTopic(), 1])).toEqual([0x80, 1]);
  });

  testWithPaho("a wrong password is refused", async () => {
    const port = transport === "tcp" ? hub.tcp.port : hub.websocket.port;
    paho.tell("connect", { name: "a", port, transport, id: "wrong", user: account.user, password: "wrong" });

    expect([4, 5]).toContain((await paho.hears("a", "connected"))["code"]);
  });

  testWithPaho("whoever gives no name is let in, with an empty client id too", async () => {
    const topic = freshTopic();
    await connect("a", { id: "", user: null, password: null });

    await subscribe("a", [topic, 2]);
    await publish("a", { topic, payload: "hello", qos: 2 });

    expect(await paho.hears("a", "message")).toMatchObject({ payload: "hello", qos: 2 });
  });
});
