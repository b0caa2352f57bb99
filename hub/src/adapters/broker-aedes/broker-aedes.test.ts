import { connect as connectTcp } from "node:net";
import { setTimeout } from "node:timers/promises";
import { connect, connectAsync } from "mqtt";
import { expect, test, vi } from "vitest";
import { micros, millis } from "@interactor/shared/kernel/units";
import { noBrokerStore } from "../../ports/broker-store.ts";
import { brokerLimits, type BrokerRules, type FaultContext } from "../../ports/broker.ts";
import { openBroker } from "./broker-aedes.ts";

const lenient: BrokerRules = {
  admit: () => ({ kind: "welcome" }),
  maySubscribe: () => true,
  received: () => ({ kind: "pass" }),
  faulted: () => undefined,
};

const options = {
  host: "127.0.0.1",
  port: 0,
  limits: brokerLimits,
  store: noBrokerStore,
  wall: () => micros(Date.now() * 1000),
};

test("nothing is lost when one message overtakes another on the way to a client", async () => {
  await using broker = await openBroker(options, lenient);
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { clientId: "watcher" });
  const heard: string[] = [];
  client.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  await client.subscribeAsync("ix/1/#", { qos: 1 });

  const expected: string[] = [];
  for (let round = 0; round < 50; round++) {
    const payload = Buffer.from(String(round));
    // Three ways of different length through the broker, all taken in one turn of the event loop.
    broker.publish("ix/1/retained", payload, { retain: true, qos: 1 });
    broker.publish("ix/1/passing", payload, { retain: false, qos: 0 });
    broker.send("watcher", "ix/1/direct", payload);
    expected.push(`ix/1/retained ${round}`, `ix/1/passing ${round}`, `ix/1/direct ${round}`);
  }

  await vi.waitFor(() => expect(heard.toSorted()).toEqual(expected.toSorted()), { timeout: 5000 });
  await client.endAsync(true);
});

test("keeps for a client that went away what its session may hold, the newest of it, in order", async () => {
  const limits = { ...brokerLimits, sessionMessagesMax: 100 };
  await using broker = await openBroker({ ...options, limits }, lenient);
  const address = `mqtt://127.0.0.1:${broker.port}`;
  const first = await connectAsync(address, { clientId: "sleeper", clean: false });
  await first.subscribeAsync("a/#", { qos: 1 });
  await first.endAsync();
  await vi.waitFor(() => expect(broker.clients).toBe(0));
  for (let round = 0; round < 2000; round++) {
    broker.publish("a/x", Buffer.from(String(round)), { retain: false, qos: 1 });
  }

  const heard: number[] = [];
  const second = connect(address, { clientId: "sleeper", clean: false });
  second.on("message", (_topic, payload) => heard.push(Number(payload.toString())));
  const { sessionPresent } = await new Promise<{ sessionPresent: boolean }>((resolve) => {
    second.once("connect", resolve);
  });

  await vi.waitFor(() => expect(heard.at(-1)).toBe(1999), { timeout: 5000 });
  expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => 1900 + index));
  expect(sessionPresent).toBe(true);
  await second.endAsync(true);
});

test("a client that takes nothing is cut and named once, and nobody waits for it", async () => {
  const faults: string[] = [];
  const rules = {
    ...lenient,
    faulted: (reason: string, words: string, { outcome = "cut" }: FaultContext = {}) =>
      void faults.push(`${outcome} ${reason} ${words}`),
  };
  const limits = { ...brokerLimits, outgoingAgeMax: millis(500) };
  await using broker = await openBroker({ ...options, limits }, rules);
  const watcher = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { clientId: "watcher" });
  await watcher.subscribeAsync("a/#");
  let heard = 0;
  watcher.on("message", () => (heard += 1));
  const stalled = connectTcp({ host: "127.0.0.1", port: broker.port });
  stalled.on("error", () => undefined);
  const text = (words: string) => [0, words.length, ...Buffer.from(words)];
  const hello = [0x10, 17, ...text("MQTT"), 4, 2, 0, 60, ...text("stall")];
  const subscribe = [0x82, 8, 0, 1, ...text("a/#"), 0];
  stalled.write(Uint8Array.from([...hello, ...subscribe]));
  await vi.waitFor(() => expect(broker.clients).toBe(2));
  await setTimeout(200);
  stalled.pause();

  for (let round = 1; round <= 100; round++) {
    broker.publish("a/x", Buffer.alloc(200_000, round), { retain: false, qos: 0 });
    await vi.waitFor(() => expect(heard).toBe(round), { timeout: 1000, interval: 1 });
  }

  await vi.waitFor(() => expect(broker.clients).toBe(1), { timeout: 5000 });
  expect(faults.at(-1)).toMatch(/^cut stalled stall: took nothing for 500 ms; \d+ bytes wait$/);
  // Before that what waited for it gave way, and every message is counted.
  expect(faults.slice(0, -1)).not.toEqual([]);
  for (const fault of faults.slice(0, -1))
    expect(fault).toMatch(/^evicted behind [1-9]\d* messages of QoS 0 for stall are evicted/);
  stalled.destroy();
  await watcher.endAsync(true);
});
