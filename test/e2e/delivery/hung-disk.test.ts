// The disk under the journal hangs: another connection holds the file's lock, so every commit waits. Nobody's connection
// ends, nothing is confirmed, the hub's memory stays bounded whatever agents send, and all goes on by itself.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as after } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { batchOf, entryOf } from "@interactor/shared/testing/builders";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { journalRows } from "../../contract/journal-rows.ts";
import {
  connectPacket,
  packetType,
  PacketCutter,
  pingPacket,
  publishPacket,
} from "../hostile/raw-packets.ts";
import { forgetPeak, peakBytes, residentBytes, settledBytes } from "../hostile/resident-memory.ts";
import { RawConnection } from "../hostile/raw-connection.ts";
import { type HubProgram, startHub } from "../programs.ts";
import { LightAgent } from "./light-agent.ts";

const isLong = process.env["TEST_LONG"] !== undefined;
const hangs = 10_000;
/** Long enough for a keepalive to give up. */
const attacked = isLong ? hangs : 5000;
const node = "rogue";
const topics = nodeTopics("demo", node);
const soon = { timeout: 30_000, interval: 50 };

let hub: HubProgram;
let locker: DatabaseSync;

beforeEach(async () => {
  hub = await startHub();
  locker = new DatabaseSync(join(hub.data, "journal.sqlite"));
});

afterEach(async () => {
  locker.close();
  await hub[Symbol.asyncDispose]();
});

const hang = (): void => locker.exec("BEGIN IMMEDIATE");
const goOn = (): void => locker.exec("ROLLBACK");

/** A light agent that counts what happens to it. */
function agentNamed(name: string) {
  const seen = { connections: 0, confirmed: -1 };
  const agent = new LightAgent(
    { hub: hub.mqtt, site: "demo", node: name },
    {
      sent: () => undefined,
      confirmed: (_session, lastSeq) => (seen.confirmed = lastSeq),
      connected: () => (seen.connections += 1),
    },
  );
  onTestFinished(() => agent.end());
  return { agent, seen };
}

const lifeNumber = (number: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(number);
  return sessionOf(bytes);
};

const birth = (life: number, spool?: number): Buffer =>
  Buffer.from(
    encodeNodeState({
      v: 1,
      kind: "birth",
      session: lifeNumber(life),
      connection: 1,
      unit: "",
      agentVersion: "0.1.0",
      at: 0,
      ...(spool !== undefined && { spool: lifeNumber(spool) }),
      instances: {
        counter: { module: "c", version: "0.1.0", inputs: {}, outputs: { text: { type: "text" } } },
      },
    }),
  );

const batch = (life: number, firstSeq: number, texts: number, of: Lane = lane.telemetry): Buffer => {
  const entries = Array.from({ length: texts }, () =>
    entryOf({ from: "counter/text", body: "x".repeat(texts === 1 ? 8 : 4000) }),
  );
  return Buffer.from(encodeBatch(batchOf({ lane: of, session: lifeNumber(life), firstSeq, entries })));
};

/** One that says what it likes, as an agent. */
async function rogue(life: number, spool?: number) {
  const connection = new RawConnection(hub, "tcp");
  onTestFinished(() => connection.reset());
  const answers: number[] = [];
  const cutter = new PacketCutter();
  connection.taken = (chunk) => cutter.take(chunk, ({ type }) => void answers.push(type));
  await connection.opened;
  connection.write(connectPacket(`demo/${node}`));
  connection.write(publishPacket(topics.state, birth(life, spool), { qos: 1, isRetained: true }));
  return { connection, answers };
}

test("agents with full windows keep their connections, none is confirmed, and all goes on by itself", async () => {
  const count = isLong ? 500 : 200;
  // More than fits into a window of eight batches.
  const each = 600;
  const agents = Array.from({ length: count }, (_, index) => agentNamed(`pi-${index}`));
  await vi.waitFor(() => expect(agents.every(({ seen }) => seen.connections === 1)).toBe(true), soon);
  const before = await settledBytes(hub.pid);
  forgetPeak(hub.pid);
  hang();
  for (const { agent } of agents) {
    for (let number = 0; number < each; number++) agent.produce(number);
    // All of them share a process, which must not be what keeps them from answering.
    await after(0);
  }
  await after(hangs);
  const confirmed = agents.filter(({ seen }) => seen.confirmed >= 0).length;
  const readyMeanwhile = (await hub.nodes()).filter(({ state }) => state !== "lost").length;
  const grown = peakBytes(hub.pid) - before;
  goOn();

  await vi.waitFor(() => expect(agents.every(({ agent }) => agent.queued === 0)).toBe(true), soon);
  expect({ confirmed, readyMeanwhile }).toEqual({ confirmed: 0, readyMeanwhile: count });
  expect(agents.filter(({ seen }) => seen.connections !== 1)).toHaveLength(0);
  expect(grown).toBeLessThan(count * 400_000);
  if (isLong) console.log(`${count} agents, hub grew by ${(grown / 1e6).toFixed(1)} MB`);
  // Each batch once: 64 entries each, as they were made at once.
  const perNode = new Map<string, number>();
  for (const row of journalRows(join(hub.data, "journal.sqlite")))
    perNode.set(row.node, (perNode.get(row.node) ?? 0) + 1);
  expect([...perNode.values()].filter((batches) => batches < each / 64)).toEqual([]);
}, 120_000);

/** Writes it again and again, as fast as it is taken, until it is time. */
async function flood(connection: RawConnection, bytes: Buffer, until: number): Promise<void> {
  while (performance.now() < until) {
    connection.write(bytes);
    await Promise.race([connection.drained(), after(Math.max(until - performance.now(), 0))]);
    await after(10);
  }
}

const attacks: readonly (readonly [string, (until: number) => Promise<void>])[] = [
  [
    "repeats one batch as fast as it can",
    async (until) => {
      const { connection } = await rogue(1);
      const many = Buffer.concat(
        Array.from({ length: 500 }, (_, index) =>
          publishPacket(topics.up(lane.telemetry), batch(1, 0, 1), { qos: 1, id: index + 1 }),
        ),
      );
      await flood(connection, many, until);
    },
  ],
  [
    "sends garbage as fast as it can",
    async (until) => {
      const { connection } = await rogue(1);
      connection.write(publishPacket(topics.up(lane.telemetry), batch(1, 0, 1), { qos: 1, id: 1 }));
      const many = Buffer.concat(
        Array.from({ length: 500 }, (_, index) =>
          publishPacket(topics.up(lane.telemetry), Buffer.from("garbage"), { qos: 1, id: index + 1 }),
        ),
      );
      await flood(connection, many, until);
    },
  ],
  [
    "connects again and again with a large batch that is new",
    async (until) => {
      for (let life = 1; performance.now() < until; life++) {
        const { connection, answers } = await rogue(life);
        connection.write(publishPacket(topics.up(lane.telemetry), batch(life, 0, 60), { qos: 1, id: 2 }));
        await Promise.race([vi.waitFor(() => expect(answers).toContain(packetType.connack)), after(500)]);
        await after(5);
        connection.reset();
      }
    },
  ],
  [
    "is born again and again beside its spool",
    async (until) => {
      const { connection } = await rogue(1, 7);
      connection.write(publishPacket(topics.up(lane.bulk), batch(7, 0, 1, lane.bulk), { qos: 1, id: 2 }));
      const many = Buffer.concat(
        Array.from({ length: 500 }, (_, index) =>
          publishPacket(topics.state, birth(index + 2, 7), { qos: 1, id: index + 1, isRetained: true }),
        ),
      );
      await flood(connection, many, until);
    },
  ],
];

test.each(attacks)(
  "an agent that %s meanwhile does not fill the hub's memory, and nobody else notices",
  async (_, attack) => {
    const { agent, seen } = agentNamed("pi");
    await vi.waitFor(() => expect(seen.connections).toBe(1), soon);
    const before = residentBytes(hub.pid);
    forgetPeak(hub.pid);
    hang();
    agent.produce(1);
    await attack(performance.now() + attacked);
    expect(seen).toEqual({ connections: 1, confirmed: -1 });
    goOn();
    await vi.waitFor(() => expect(agent.queued).toBe(0), soon);

    const { connection, answers } = await rogue(9_000_000);
    connection.write(pingPacket());
    await vi.waitFor(() => expect(answers).toContain(packetType.pingresp), soon);
    const grown = peakBytes(hub.pid) - before;
    if (isLong) console.log(`the hub grew by ${(grown / 1e6).toFixed(1)} MB`);
    expect(grown).toBeLessThan(60e6);
    expect(seen.connections).toBe(1);
  },
  90_000,
);
