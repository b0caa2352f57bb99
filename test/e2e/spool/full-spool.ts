// An agent whose hub is away for a day, which takes less, and what happens when the hub is there.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { decode } from "cborg";
import { connect } from "mqtt";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { journalRows } from "../../contract/journal-rows.ts";
import { forgetPeak, peakBytes, residentBytes } from "../hostile/resident-memory.ts";
import type { HubProgram } from "../programs.ts";
import type { CountingPlan } from "./counting-agent.ts";

const livePerSecond = 10;
/** A text of the counting agent, with its frame. */
const bytesOnDisk = 250;
const hoursAway = 24;

export interface AwayAgent extends AsyncDisposable {
  readonly process: ChildProcess;
  /** How many durable messages it has given. */
  readonly messages: number;
  /** What its spool takes on disk. */
  readonly bytes: number;
  /** Resolves when it has nothing more to send. */
  readonly done: Promise<void>;
  /** Its memory when the day was over, without what nobody holds any more. */
  readonly memoryBefore: number;
}

/** Starts an agent that spools about so many bytes within 24 h of its own time; resolves when they are over. */
export async function spendDayAway(
  { data, mqttPort }: { readonly data: string; readonly mqttPort: number },
  bytes: number,
): Promise<AwayAgent> {
  const messages = Math.ceil(bytes / bytesOnDisk);
  const ledger = join(data, "ledger");
  writeFileSync(ledger, "");
  const plan: CountingPlan = {
    hub: `mqtt://127.0.0.1:${mqttPort}`,
    data,
    node: "pi",
    perSecond: 1,
    messages: 0,
    livePerSecond,
    away: { hours: hoursAway, messages },
    ledger,
  };
  const program = join(import.meta.dirname, "counting-agent.ts");
  const agent = spawn(process.execPath, ["--expose-gc", program, JSON.stringify(plan)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async () => {
    if (agent.exitCode !== null || agent.signalCode !== null) return;
    const exited = once(agent, "exit");
    agent.kill("SIGKILL");
    await exited;
  };
  await using undo = new AsyncDisposableStack();
  undo.defer(stop);
  const said = saidBy(agent);
  await said("away");
  const memoryBefore = residentBytes(agent.pid ?? 0);
  undo.move();
  const folder = join(data, "spool");
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  return {
    process: agent,
    messages,
    memoryBefore,
    done: said("done"),
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    [Symbol.asyncDispose]: stop,
  };
}

export interface Healed {
  /** From the first message that came to the last confirmation, in seconds. */
  readonly seconds: number;
  /** Of live values that were made meanwhile, from the module to who watches the hub, in ms. */
  readonly latencies: readonly number[];
  /** The most memory that the agent took meanwhile beyond what it had, in bytes. */
  readonly growth: number;
}

/** Waits until a hub that is there again has all of it. */
export async function heal(
  hub: HubProgram,
  { process: agent, memoryBefore, done }: AwayAgent,
  signal: AbortSignal,
): Promise<Healed> {
  await using undo = new AsyncDisposableStack();
  const latencies: number[] = [];
  const watcher = undo.adopt(connect(hub.mqtt), (client) => client.endAsync(true));
  await watcher.subscribeAsync("ix/1/demo/v/pi/counter/live");
  watcher.on("message", (_topic, payload) => {
    const value = decodePublicValue(payload);
    if (value.ok) latencies.push(performance.timeOrigin + performance.now() - Number(value.value.value));
  });
  while ((await processedBy(hub)) === 0) await after(5, undefined, { signal });
  const startedAt = performance.now();
  forgetPeak(agent.pid ?? 0);
  latencies.length = 0;
  await Promise.race([done, rejection(signal)]);
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, latencies, growth: peakBytes(agent.pid ?? 0) - memoryBefore };
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

/** Waits for words of an agent. */
function saidBy(child: ChildProcess): (word: string) => Promise<void> {
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  return async (word) => {
    while (!said.includes(word)) {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
      if (child.signalCode !== null) return;
      await after(5);
    }
  };
}

async function rejection(signal: AbortSignal): Promise<never> {
  await once(signal, "abort");
  throw signal.reason;
}
