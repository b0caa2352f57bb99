// What MQTT 3.1.1 asks of WebSockets (section 6), beyond what the vectors try over both transports.

import { afterAll, beforeAll, expect, test } from "vitest";
import { account, type Broker, startHubBroker } from "./brokers.ts";
import { RawClient } from "./raw-client.ts";
import { bytesOf } from "./vector-bytes.ts";

const opcode = { text: 1, close: 8 } as const;
const around = { unique: "websocket", learnt: new Map<string, number>(), ...account };
const connect = bytesOf('10 { "MQTT" 04 c2 003c "" account }', around);
const ping = Buffer.from([0xc0, 0]);

let hub: Broker;

beforeAll(async () => {
  hub = await startHubBroker();
});

afterAll(() => hub[Symbol.asyncDispose]());

async function connected(): Promise<RawClient> {
  const client = await RawClient.open(hub.websocket);
  client.send(connect);
  expect(await client.packet()).toEqual(Buffer.from([0x20, 2, 0, 0]));
  return client;
}

test("the server chooses the subprotocol mqtt [MQTT-6.0.0-3] [MQTT-6.0.0-4]", async () => {
  using client = await RawClient.open(hub.websocket, { protocols: "other, mqtt" });

  expect(client.opening).toMatch(/^HTTP\/1\.1 101 /);
  expect(client.opening).toMatch(/^sec-websocket-protocol: mqtt$/im);
});

test.each(["", "other", "mqttv3.1"])(
  'whoever offers the subprotocol "%s" only is not let in [MQTT-6.0.0-3]',
  async (protocols) => {
    using client = await RawClient.open(hub.websocket, { protocols });

    expect(client.opening).toMatch(/^HTTP\/1\.1 400 /);
    expect(await client.ended()).toBe(true);
  },
);

test("a text frame ends the connection [MQTT-6.0.0-1]", async () => {
  using client = await connected();

  client.send(ping, opcode.text);

  expect(await client.packet()).toBeUndefined();
  expect(client.isEnded).toBe(true);
});

test("a text frame instead of CONNECT ends the connection [MQTT-6.0.0-1]", async () => {
  using client = await RawClient.open(hub.websocket);

  client.send(connect, opcode.text);

  expect(await client.packet()).toBeUndefined();
  expect(client.isEnded).toBe(true);
});

test("a frame without bytes does nothing [MQTT-6.0.0-2]", async () => {
  using client = await connected();

  client.send(Buffer.alloc(0));
  client.send(ping);

  expect(await client.packet()).toEqual(Buffer.from([0xd0, 0]));
});

test("a client that closes its WebSocket in order, and says no DISCONNECT, leaves its will [MQTT-3.1.2-8]", async () => {
  using watcher = await connected();
  watcher.send(bytesOf('82 { 0001 "%/will" 00 }', around));
  expect(await watcher.packet()).toEqual(bytesOf("90 { 0001 00 }", around));
  using client = await RawClient.open(hub.websocket);
  client.send(bytesOf(`10 { "MQTT" 04 c6 003c "" "%/will" [ 'gone' ] account }`, around));
  expect(await client.packet()).toEqual(Buffer.from([0x20, 2, 0, 0]));

  client.send(Buffer.from([0x03, 0xe8]), opcode.close);

  expect(await watcher.packet()).toEqual(bytesOf(`30 { "%/will" 'gone' }`, around));
});
