import { connect as connectTcp } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connect, connectAsync } from "mqtt";
import { expect, test, vi } from "vitest";
import type { BrokerRules } from "../../ports/broker.ts";
import { openBroker } from "./broker-aedes.ts";

const lenient: BrokerRules = {
  admit: () => ({ kind: "welcome" }),
  maySubscribe: () => true,
  received: () => ({ kind: "pass" }),
  faulted: () => undefined,
};

/** What buffers hold once the garbage is gone. */
function bytesHeld(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  return process.memoryUsage().arrayBuffers;
}

test("nothing is lost when one message overtakes another on the way to a client", async () => {
  await using broker = await openBroker({ host: "127.0.0.1", port: 0 }, lenient);
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

test("keeps nothing for a client that asked for a session and went away", async () => {
  await using broker = await openBroker({ host: "127.0.0.1", port: 0 }, lenient);
  const address = `mqtt://127.0.0.1:${broker.port}`;
  const first = await connectAsync(address, { clientId: "sleeper", clean: false });
  await first.subscribeAsync("ix/1/#", { qos: 1 });
  await first.endAsync(true);
  await vi.waitFor(() => expect(broker.clients).toBe(0));
  const before = bytesHeld();
  for (let round = 0; round < 2000; round++) {
    broker.publish("ix/1/x", Buffer.alloc(10_000, round), { retain: false, qos: 1 });
  }

  const heard: string[] = [];
  const second = connect(address, { clientId: "sleeper", clean: false });
  second.on("message", (topic) => heard.push(topic));
  const { sessionPresent } = await new Promise<{ sessionPresent: boolean }>((resolve) => {
    second.once("connect", resolve);
  });
  await second.subscribeAsync("ix/1/now", { qos: 1 });
  broker.publish("ix/1/now", Buffer.from("now"), { retain: false, qos: 1 });

  await vi.waitFor(() => expect(heard).toContain("ix/1/now"), { timeout: 5000 });
  expect(heard).toEqual(["ix/1/now"]);
  // All of them would be 20 MB.
  expect(bytesHeld() - before).toBeLessThan(5e6);
  expect(sessionPresent).toBe(false);
  await second.endAsync(true);
});

test("a client that takes nothing is cut soon and counted once, and the others go on", async () => {
  const faults: string[] = [];
  const rules = {
    ...lenient,
    faulted: (reason: string, words: string) => void faults.push(`${reason} ${words}`),
  };
  await using broker = await openBroker({ host: "127.0.0.1", port: 0 }, rules);
  const watcher = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { clientId: "watcher" });
  await watcher.subscribeAsync("ix/1/#");
  let heard = 0;
  watcher.on("message", () => (heard += 1));
  const stalled = connectTcp({ host: "127.0.0.1", port: broker.port });
  stalled.on("error", () => undefined);
  const text = (words: string) => [0, words.length, ...Buffer.from(words)];
  const connect = [0x10, 17, ...text("MQTT"), 4, 2, 0, 60, ...text("stall")];
  const subscribe = [0x82, 11, 0, 1, ...text("ix/1/#"), 0];
  stalled.write(Uint8Array.from([...connect, ...subscribe]));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(broker.clients).toBe(2);

  const startedAt = performance.now();
  for (let round = 0; round < 300; round++) {
    broker.publish("ix/1/x", Buffer.alloc(100_000), { retain: false, qos: 0 });
  }

  await vi.waitFor(() => expect(heard).toBe(300), { timeout: 5000 });
  expect(performance.now() - startedAt).toBeLessThan(1500);
  expect(broker.clients).toBe(1);
  expect(faults).toEqual(["protocol stall: drain timeout"]);
  stalled.destroy();
  await watcher.endAsync(true);
});
