// Clients behind a slow line, and clients that send more than the disk takes, at the real broker.

import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAsync } from "mqtt";
import { generate } from "mqtt-packet";
import { expect, test, vi } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { noBrokerStore } from "../../ports/broker-store.ts";
import { brokerLimits, type BrokerRules } from "../../ports/broker.ts";
import type { Written } from "../../ports/written.ts";
import { openBroker } from "./broker-aedes.ts";

function rulesWith(written?: HeldDisk) {
  const received: string[] = [];
  const faults: string[] = [];
  const rules: BrokerRules = {
    admit: () => ({ kind: "welcome" }),
    maySubscribe: () => true,
    received(_client, topic) {
      received.push(topic);
      written?.take();
      return written === undefined ? { kind: "keep" } : { kind: "keep", written };
    },
    faulted: (reason) => void faults.push(reason),
  };
  return { rules, received, faults };
}

const open = (rules: BrokerRules) =>
  openBroker(
    {
      host: "127.0.0.1",
      port: 0,
      limits: brokerLimits,
      store: noBrokerStore,
      wall: () => micros(Date.now() * 1000),
    },
    rules,
  );

/** A client by hand: its keepalive is 1 s, so that it may be silent for 1.5 s. */
async function connectByHand(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(generate({ cmd: "connect", clientId: "slow", keepalive: 1, clean: true }));
  await once(socket, "data");
  return socket;
}

const long = (topic: string): Buffer =>
  generate({ cmd: "publish", topic, payload: Buffer.alloc(4000), qos: 0, dup: false, retain: false });

test("a client whose long packet takes its time is not silent, until it does not go on", async () => {
  const { rules, received, faults } = rulesWith();
  await using broker = await open(rules);
  const socket = await connectByHand(broker.port);

  const packet = long("a/first");
  for (let at = 0; at < packet.length; at += 400) {
    socket.write(packet.subarray(at, at + 400));
    await sleep(250);
  }
  expect(faults).toEqual([]);
  expect(received).toEqual(["a/first"]);

  socket.write(long("a/second").subarray(0, 400));
  await sleep(1000);
  expect(faults).toEqual([]);
  await vi.waitFor(() => expect(faults).toEqual(["keepalive"]), { timeout: 1500 });
  expect(received).toEqual(["a/first"]);
});

/** A disk that brings nothing to an end until it is told to. */
class HeldDisk implements Written {
  waitingBytes = 1;
  group = 1;
  changes = 0;
  #waiting: ((isWritten: boolean) => void)[] = [];

  take(): void {
    this.changes += 1;
  }

  whenWritten(done: (isWritten: boolean) => void): void {
    this.#waiting.push(done);
  }

  bringToEnd(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.group += 1;
    for (const done of waiting) done(true);
  }
}

test("one client is read no further than its share of what waits for the disk, and others are", async () => {
  const disk = new HeldDisk();
  const { rules, received, faults } = rulesWith(disk);
  await using broker = await open(rules);
  const address = `mqtt://127.0.0.1:${broker.port}`;
  const flood = await connectAsync(address, { clientId: "flood" });
  const other = await connectAsync(address, { clientId: "other" });
  const payload = Buffer.alloc(1000);
  const count = (topic: string) => received.filter((each) => each === topic).length;

  const sent = Array.from({ length: 1000 }, () => flood.publishAsync("flood", payload, { qos: 1 }));
  await vi.waitFor(() => expect(count("flood")).toBeGreaterThan(100));
  await sleep(200);
  const read = count("flood");
  const share = brokerLimits.unwrittenBytesMax;
  expect(read).toBeLessThanOrEqual(Math.ceil(share / payload.length));
  const single = other.publishAsync("other", payload, { qos: 1 });
  await vi.waitFor(() => expect(count("other")).toBe(1));

  const ending = setInterval(() => disk.bringToEnd(), 5);
  await Promise.all([...sent, single]);
  clearInterval(ending);
  expect(count("flood")).toBe(1000);
  expect(faults).toEqual([]);
  await Promise.all([flood.endAsync(true), other.endAsync(true)]);
});
