// Nobody here does anything wrong: bursts, backlogs and large messages of well-behaved clients, more of them at a time
// than the hub can pass on at once. All of it arrives, and nobody is cut.

import { connect, connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../programs.ts";
import { requires } from "../requires.ts";
import { MosquittoProgram } from "../conformance/mosquitto-clients.ts";
import { BesiegedHub } from "./besieged-hub.ts";
import { RawConnection } from "./raw-connection.ts";
import { connectPacket, publishPacket } from "./raw-packets.ts";

let hub: BesiegedHub;

beforeEach(async () => {
  hub = await BesiegedHub.open();
});

afterEach(() => hub[Symbol.asyncDispose]());

const join = (clientId: string, given = {}): Promise<MqttClient> =>
  connectAsync(hub.program.mqtt, { clientId, reconnectPeriod: 0, ...given });

const cuts = async (): Promise<unknown> => (await hub.look()).refusals;

requires("mosquitto_pub")(
  "20,000 messages of QoS 1 in one burst come to a client that confirms them",
  { timeout: 60_000 },
  async () => {
    const count = 20_000;
    const { hostname, port } = new URL(hub.program.mqtt);
    await using subscriber = new MosquittoProgram(
      "mosquitto_sub",
      `-h ${hostname} -p ${port} -i taker -c -q 1 -t burst -C ${count} -F %p`.split(" "),
    );
    await eventually("it has subscribed", async () => {
      const probe = await join("probe");
      await probe.publishAsync("burst", "0", { qos: 1 });
      await probe.endAsync();
      return subscriber.output.includes("0");
    });
    const publisher = await join("giver");

    const confirmed = Array.from({ length: count }, (_, index) =>
      publisher.publishAsync("burst", String(index + 1).padStart(10, "0"), { qos: 1 }),
    );
    await Promise.all(confirmed);
    await publisher.endAsync();
    await subscriber.ended;

    const numbers = subscriber.output
      .split("\n")
      .map(Number)
      .filter((number) => number > 0);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThan(count - 20);
    expect(await cuts()).toEqual({});
  },
);

test(
  "a backlog of 6 MB comes to a client that is slow to begin, while more is sent",
  { timeout: 60_000 },
  async () => {
    const away = await join("slow", { clean: false });
    await away.subscribeAsync("backlog", { qos: 1 });
    await away.endAsync();
    const publisher = await join("giver");
    const payload = Buffer.alloc(7000, "x");
    await Promise.all(
      Array.from({ length: 900 }, () => publisher.publishAsync("backlog", payload, { qos: 1 })),
    );

    let count = 0;
    const back = connect(hub.program.mqtt, { clientId: "slow", clean: false, reconnectPeriod: 0 });
    back.on("message", () => void (count += 1));
    await new Promise<void>((resolve) => back.once("connect", () => resolve()));
    back.stream.pause();
    setTimeout(() => back.stream.resume(), 300);
    for (let live = 0; live < 25; live++) {
      await publisher.publishAsync("backlog", payload, { qos: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    await eventually("all of it is there", () => count === 925, 20_000).catch(() => undefined);
    expect(count).toBe(925);
    expect(await cuts()).toEqual({});
    await Promise.all([back.endAsync(true), publisher.endAsync(true)]);
  },
);

test(
  "30 clients that are in the midst of a large packet are not cut while they go on",
  { timeout: 30_000 },
  async () => {
    const packet = publishPacket("upload", Buffer.alloc(200_000, "x"), { qos: 1, id: 1 });
    const uploads = Array.from({ length: 30 }, async (_, index) => {
      const connection = new RawConnection(hub.program, "tcp");
      expect(await connection.opened).toBe(true);
      connection.write(connectPacket(`upload-${index}`));
      const confirmed = new Promise<void>((resolve) => {
        let heard = 0;
        // CONNACK and PUBACK have four bytes each.
        connection.taken = (chunk) => (heard += chunk.length) >= 8 && resolve();
      });
      for (let start = 0; start < packet.length; start += 10_000) {
        connection.write(packet.subarray(start, start + 10_000));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      await confirmed;
      connection.end();
    });

    await Promise.all(uploads);
    expect(await cuts()).toEqual({});
  },
);

test(
  "150 clients that send more than the disk takes at once are held, and not cut",
  { timeout: 60_000 },
  async () => {
    const away = await join("keeper", { clean: false });
    await away.subscribeAsync("much/#", { qos: 1 });
    await away.endAsync();
    const clients = await Promise.all(Array.from({ length: 150 }, (_, index) => join(`much-${index}`)));

    const payload = Buffer.alloc(1000, "x");
    const confirmed = clients.flatMap((client, index) =>
      Array.from({ length: 200 }, () => client.publishAsync(`much/${index}`, payload, { qos: 1 })),
    );
    await Promise.all(confirmed);

    // Of what is kept for the one who is away the oldest gives way; that is no refusal.
    expect(await cuts()).toEqual({});
    await Promise.all(clients.map((client) => client.endAsync(true)));
  },
);
