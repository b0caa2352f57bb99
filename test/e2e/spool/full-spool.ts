// What an agent has spooled while its hub was away for a day, made in less time, and what happens when the hub is back.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { decode } from "cborg";
import { connect } from "mqtt";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { openSpool } from "@interactor/agent/src/adapters/spool-segments/spool-segments.ts";
import { encodeRecord } from "@interactor/agent/src/core/outbox/spool-record.ts";
import { spoolLimits } from "@interactor/agent/src/ports/spool.ts";
import { instant, micros } from "@interactor/shared/kernel/units";
import { quality } from "@interactor/shared/wire/entry";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { sessionOf } from "@interactor/shared/wire/session";
import { journalRows } from "../../contract/journal-rows.ts";
import { forgetPeak, peakBytes, residentBytes } from "../hostile/resident-memory.ts";
import type { HubProgram } from "../programs.ts";
import type { CountingPlan } from "./counting-agent.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** A reading as a barcode or a line of text is: with its frame it takes 256 bytes on disk. */
const textLength = 200;
const livePerSecond = 10;

/** Fills a spool with about so many bytes. Returns how many messages that are. */
export async function fillSpool(data: string, bytes: number): Promise<number> {
  const session = sessionOf(new Uint8Array(8).fill(7));
  const spool = await openSpool({
    folder: join(data, "spool"),
    session,
    limits: spoolLimits,
    clock: systemClock(newSteering()),
    log: silent,
  });
  spool.attach({ moved: () => undefined, lost: () => undefined });
  let messages = 0;
  for (let written = 0; written < bytes;) {
    for (let each = 0; each < 5000; each += 1) {
      const record = recordOf((messages += 1));
      written += record.length + 16;
      spool.append(record, instant(0));
    }
    while (spool.unsaved > 0) await after(2);
  }
  await spool[Symbol.asyncDispose]();
  return messages;
}

const recordOf = (number: number): Uint8Array =>
  encodeRecord({
    at: micros(1_800_000_000_000_000 + number * 1000),
    from: "counter/text",
    to: null,
    ttl: null,
    flags: 0,
    trace: null,
    quality: quality.good,
    body: String(number).padEnd(textLength, "."),
  });

export interface Healed {
  /** From the first message that came to the last confirmation, in seconds. */
  readonly seconds: number;
  /** Of live values that were made meanwhile, from the module to who watches the hub, in ms. */
  readonly latencies: readonly number[];
  /** The most memory that the agent took meanwhile beyond what it had, in bytes. */
  readonly growth: number;
}

/** Starts an agent with what is spooled in `data`, and waits until the hub has all of it. */
export async function heal(hub: HubProgram, data: string, signal: AbortSignal): Promise<Healed> {
  const ledger = join(data, "ledger");
  writeFileSync(ledger, "");
  const plan: CountingPlan = {
    hub: hub.mqtt,
    data,
    node: "pi",
    perSecond: 1,
    messages: 0,
    livePerSecond,
    ledger,
  };
  await using undo = new AsyncDisposableStack();
  const latencies: number[] = [];
  const watcher = undo.adopt(connect(hub.mqtt), (client) => client.endAsync(true));
  await watcher.subscribeAsync("ix/1/demo/v/pi/counter/live");
  watcher.on("message", (_topic, payload) => {
    const value = decodePublicValue(payload);
    if (value.ok) latencies.push(performance.timeOrigin + performance.now() - Number(value.value.value));
  });
  const program = join(import.meta.dirname, "counting-agent.ts");
  const agent = spawn(process.execPath, [program, JSON.stringify(plan)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  undo.defer(() => void agent.kill("SIGKILL"));
  const done = untilSaid(agent, "done");
  while ((await processedBy(hub)) === 0) await after(5, undefined, { signal });
  const startedAt = performance.now();
  const before = residentBytes(agent.pid ?? 0);
  forgetPeak(agent.pid ?? 0);
  latencies.length = 0;
  await Promise.race([done, rejection(signal)]);
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, latencies, growth: peakBytes(agent.pid ?? 0) - before };
}

/** The numbers of the messages that stand in the hub's journal, in its order, each place of a session once. */
export function healedIn(journalPath: string): readonly number[] {
  const numbers: number[] = [];
  let next = 0;
  for (const { payload } of journalRows(journalPath)) {
    const batch: unknown = decode(payload);
    if (!Array.isArray(batch) || batch[1] !== 3) continue;
    const [, , , firstSeq, , entries]: readonly unknown[] = batch;
    if (!Array.isArray(entries)) throw new Error("the journal holds a batch of another shape");
    for (const entry of entries.slice(Math.max(next - Number(firstSeq), 0)) as readonly unknown[])
      numbers.push(Number.parseInt(String(Array.isArray(entry) ? entry[7] : ""), 10));
    next = Math.max(next, Number(firstSeq) + entries.length);
  }
  return numbers;
}

async function processedBy(hub: HubProgram): Promise<number> {
  return (await hub.metric("interactor_hub_messages_total")) ?? 0;
}

async function untilSaid(child: ChildProcess, word: string): Promise<void> {
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  while (!said.includes(word)) {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
    await after(5);
  }
}

async function rejection(signal: AbortSignal): Promise<never> {
  await once(signal, "abort");
  throw signal.reason;
}
