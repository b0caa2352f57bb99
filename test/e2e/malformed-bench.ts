// What the tests of malformed input share: a hub as it is shipped with a node and somebody who watches, what it counts,
// and whether it is still well.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { expect } from "vitest";
import { birthOf, sessionNumber } from "@interactor/shared/testing/builders";
import { lane as lanes } from "@interactor/shared/wire/lanes";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { goodReading } from "./malformed-inputs.ts";
import { type HubProgram, startHub } from "./programs.ts";

/** `SEED=7 …` sends others than usual. */
const seed = Number(process.env["SEED"] ?? 116);
/** What a program may grow by: buffers and garbage not yet collected, never all that was sent. */
const growthBytesMax = 200e6;

let sent = 0;

/** `count` inputs, which are counted as sent. */
export function sample<Each>(arbitrary: fc.Arbitrary<Each>, count: number): readonly Each[] {
  sent += count;
  return fc.sample(arbitrary, { numRuns: count, seed });
}

/** Malformed inputs that this test file has made. */
export const sentInAll = (): number => sent;

const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

/** Watches a program's memory; the returned function expects that it has not grown beyond the bound. */
export function watchMemory(pid: number): () => void {
  const before = residentBytes(pid);
  return () => expect(residentBytes(pid) - before).toBeLessThan(growthBytesMax);
}

export const site = "demo";
export const topics = nodeTopics(site, "fuzz");
export const session = sessionNumber(1);
/** Of an earlier life. */
export const stale = sessionNumber(9);
export const birth = birthOf({ session, connection: 5, unit: "fuzz-unit" });

export const refusedTotal = "interactor_hub_messages_refused_total";
export const cutTotal = "interactor_hub_clients_cut_total";
export const turnedAwayTotal = "interactor_hub_clients_turned_away_total";
export const subscriptionsRefusedTotal = "interactor_hub_subscriptions_refused_total";

/** The hub's counters of that name, by reason. */
async function countersOf(hub: HubProgram, name: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${hub.http}/metrics`)).text();
  const rows = [...text.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)].filter(([, each]) => each === name);
  return Object.fromEntries(
    rows.map(([, , labels = "", value]) => [/reason="([^"]*)"/.exec(labels)?.[1] ?? "", Number(value)]),
  );
}

/** By how much each counter rises while `work` runs; those that do not are left out. */
export async function riseOf(
  hub: HubProgram,
  name: string,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const before = await countersOf(hub, name);
  await work();
  return riseBetween(before, await countersOf(hub, name));
}

export function riseBetween(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const risen = Object.entries(after).map(
    ([reason, count]) => [reason, count - (before[reason] ?? 0)] as const,
  );
  return Object.fromEntries(risen.filter(([, rise]) => rise > 0));
}

export async function client(url: string, options: IClientOptions): Promise<MqttClient & AsyncDisposable> {
  const made = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, keepalive: 30, ...options });
  made.on("error", () => undefined);
  return Object.assign(made, {
    [Symbol.asyncDispose]: async () => {
      await made.endAsync(true);
    },
  });
}

/** Sends all in order and waits until the broker has confirmed each. */
export async function publishAll(
  to: MqttClient,
  topic: string,
  payloads: readonly Uint8Array[],
  retain = false,
): Promise<void> {
  for (let first = 0; first < payloads.length; first += 200) {
    const some = payloads.slice(first, first + 200);
    await Promise.all(some.map((each) => to.publishAsync(topic, Buffer.from(each), { qos: 1, retain })));
  }
}

export interface HubBench extends AsyncDisposable {
  readonly hub: HubProgram;
  /** The node `fuzz`, which is ready. */
  readonly agent: MqttClient;
  readonly visitor: MqttClient;
  /** The next number of the node's telemetry. */
  nextSeq(): number;
  /** The hub answers, takes a right reading from the node to whoever watches, and has not grown. */
  expectWell(): Promise<void>;
}

export async function openHubBench(): Promise<HubBench> {
  const hub = await startHub();
  const agent = await client(hub.mqtt, { clientId: `${site}/fuzz`, username: "fuzz-unit" });
  const visitor = await client(hub.mqtt, { clientId: "someone" });
  await agent.publishAsync(topics.state, Buffer.from(encodeNodeState(birth)), { qos: 1, retain: true });
  await visitor.subscribeAsync(siteTopics(site).values, { qos: 0 });
  const expectNoGrowth = watchMemory(hub.pid);
  let seq = 0;
  return {
    hub,
    agent,
    visitor,
    nextSeq: () => seq++,
    async expectWell() {
      const health = await fetch(`${hub.http}/healthz`, { signal: AbortSignal.timeout(5000) });
      expect(health.status).toBe(200);
      const reading = seq + 0.5;
      const seen = seenBy(visitor, reading);
      const payload = Buffer.from(goodReading(session, seq++, reading));
      await agent.publishAsync(topics.up(lanes.telemetry), payload, { qos: 1 });
      await seen;
      expectNoGrowth();
      expect(hub.process.exitCode).toBeNull();
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await visitor[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

/** Resolves when the node's distance has that value for whoever watches. */
function seenBy(visitor: MqttClient, reading: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listen = (topic: string, payload: Buffer) => {
    const decoded = decodePublicValue(payload);
    if (!topic.endsWith("/fuzz/sim/distance") || !decoded.ok || decoded.value.value !== reading) return;
    visitor.off("message", listen);
    resolve();
  };
  visitor.on("message", listen);
  return promise;
}
