// The broker before a journal whose disk hangs, because another connection holds the file's lock: what comes above the
// bound is left unread, whoever goes before it was taken has left nothing, and each message is taken once and confirmed
// only when it is on disk.

import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { expect, onTestFinished, test, vi } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { lane } from "@interactor/shared/wire/lanes";
import { openBroker } from "../../hub/src/adapters/broker-aedes/broker-aedes.ts";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openJournal } from "../../hub/src/adapters/store-sqlite/journal.ts";
import { type BrokerLimits, brokerLimits, type BrokerRules } from "../../hub/src/ports/broker.ts";
import { noBrokerStore } from "../../hub/src/ports/broker-store.ts";
import { journalLimits } from "../../hub/src/ports/journal.ts";
import { lockFile } from "./file-lock.ts";
import { emptyFolder } from "./folders.ts";
import { journalRows } from "./journal-rows.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const waitingMax = 1_000_000;
const bytes = 100_000;
const soon = { timeout: 15_000, interval: 10 };

/** A broker whose rules write all that comes to a journal, as those of the hub do with what agents send. */
async function serve(limits: Partial<BrokerLimits> = {}) {
  const folder = emptyFolder();
  const path = join(folder, "journal.sqlite");
  const journal = await openJournal({ folder, limits: journalLimits, clock: systemClock(), log });
  const rules: BrokerRules = {
    admit: () => ({ kind: "welcome" }),
    maySubscribe: () => true,
    received({ id }, topic, payload) {
      if (topic === "known") return { kind: "keep", written: journal };
      if (journal.waitingBytes > waitingMax) return { kind: "later", written: journal };
      journal.append({ node: id, session: sessionNumber(1), lane: lane.telemetry, next: 1, payload });
      return { kind: "keep", written: journal };
    },
    faulted: () => undefined,
  };
  const options = { host: "127.0.0.1", port: 0, store: noBrokerStore, wall: () => micros(0) };
  const broker = await openBroker({ ...options, limits: { ...brokerLimits, ...limits } }, rules);
  let letGo = async (): Promise<void> => undefined;
  onTestFinished(async () => {
    await letGo();
    await broker[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
  });
  return {
    journal,
    async hang() {
      letGo = await lockFile(path);
    },
    goOn: () => letGo(),
    nodes: () => journalRows(path).map(({ node }) => node),
    /** What is published before a client is connected would go one by one. */
    async join(id: string, keepalive = 0): Promise<MqttClient> {
      const address = `mqtt://127.0.0.1:${broker.port}`;
      const client = await connectAsync(address, { clientId: id, keepalive, reconnectPeriod: 0 });
      client.on("error", () => undefined);
      onTestFinished(() => void client.end(true));
      return client;
    },
  };
}

test("what comes above the bound is taken once there is room, each once and in its order", async () => {
  const { journal, hang, goOn, join, nodes } = await serve();
  await hang();
  let confirmed = 0;
  const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
  for (const client of await Promise.all(names.map((name) => join(name))))
    for (const number of [1, 2])
      client.publish(`up/${number}`, Buffer.alloc(bytes, number), { qos: 1 }, (error) => {
        if (error === undefined || error === null) confirmed += 1;
      });
  await after(1500);
  expect(journal.waitingBytes).toBeGreaterThan(waitingMax);
  expect(journal.waitingBytes).toBeLessThan(waitingMax + 2 * bytes);
  expect(confirmed).toBe(0);

  await goOn();
  await vi.waitFor(() => expect(confirmed).toBe(80), soon);

  expect(nodes().toSorted()).toEqual([...names, ...names].toSorted());
}, 30_000);

test("who goes while it is left unread has left nothing behind, and others take its turn", async () => {
  const { journal, hang, goOn, join, nodes } = await serve({ unwrittenBytesMax: 512 * 1024 });
  await hang();
  const first = await join("first");
  first.publish("up", Buffer.alloc(200_000), { qos: 1 });
  const filler = await join("filler");
  // The sixth is above what one client may add.
  for (let number = 0; number < 9; number++) filler.publish("up", Buffer.alloc(bytes), { qos: 1 });
  await vi.waitFor(() => expect(journal.waitingBytes).toBeGreaterThan(600_000), soon);
  const more = await Promise.all(Array.from({ length: 8 }, (_, index) => join(`more${index}`)));
  for (const client of more) client.publish("up", Buffer.alloc(bytes), { qos: 1 });
  await vi.waitFor(() => expect(journal.waitingBytes).toBeGreaterThan(waitingMax), soon);
  const late = await join("late");
  late.publish("up", Buffer.alloc(bytes), { qos: 1 });
  await after(200);
  late.end(true);
  await after(200);

  await goOn();
  await vi.waitFor(() => expect(journal.waitingBytes).toBe(0), soon);
  await vi.waitFor(() => expect(nodes().filter((name) => name === "filler")).toHaveLength(9), soon);
  expect(nodes()).not.toContain("late");
}, 30_000);

test("a client whose answers wait is pinged as ever; one with too many of them is read when they are out", async () => {
  const { hang, goOn, join } = await serve({ unwrittenAnswersMax: 50 });
  const [modest, busy] = await Promise.all([join("modest", 1), join("busy")]);
  const ends: string[] = [];
  modest.once("close", () => ends.push("modest"));
  await hang();
  let confirmed = 0;
  const count = (error: unknown): void => void (confirmed += error === undefined || error === null ? 1 : 0);
  modest.publish("up", Buffer.alloc(bytes), { qos: 1 }, count);
  for (let number = 0; number < 40; number++) modest.publish("known", "", { qos: 1 }, count);
  for (let number = 0; number < 500; number++) busy.publish("known", "", { qos: 1 }, count);
  await after(4000);
  expect({ ends, confirmed }).toEqual({ ends: [], confirmed: 0 });

  await goOn();
  await vi.waitFor(() => expect(confirmed).toBe(541), soon);
}, 30_000);
