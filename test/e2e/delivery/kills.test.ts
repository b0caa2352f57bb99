// kill -9 of the hub, of agents and of both, again and again while messages flow: nothing that was confirmed is lost,
// nothing is taken in twice, and the order is kept. A judge that shares no code with either side says so.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { type HubProgram, startHub } from "../programs.ts";
import { judge } from "./judge.ts";
import type { SendersPlan } from "./senders.ts";

const isLong = process.env["TEST_LONG"] !== undefined;
const seed = Number(process.env["SEED"] ?? 4);
const nodes = Array.from({ length: 20 }, (_, index) => `pi-${index + 1}`);
const kills = isLong ? 1000 : 25;
/** Of agents and of both: `npm test` has the time for these. */
const otherKills = isLong ? 1000 : 10;
const messages = isLong ? 10_000_000 : 100_000;
/** Back at work after a kill: the median of all; a slow machine has five times that. */
const backWithin = 5000;

class Senders {
  readonly #plan: Omit<SendersPlan, "life">;
  #life = 0;
  #child: ChildProcess | undefined;
  /** When an agent was connected last, in ms since 1970; and whether everything was confirmed. */
  connections: number[] = [];
  isDone = false;

  constructor(plan: Omit<SendersPlan, "life">) {
    this.#plan = plan;
  }

  start(messages: number): void {
    this.#life += 1;
    const plan: SendersPlan = { ...this.#plan, messages, life: this.#life };
    const child = spawn(process.execPath, [join(import.meta.dirname, "senders.ts"), JSON.stringify(plan)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    this.isDone = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      for (const [, at] of text.matchAll(/^connected \S+ (\S+)$/gm)) this.connections.push(Number(at));
      if (/^done$/m.test(text)) this.isDone = true;
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
}

class Scene implements AsyncDisposable {
  readonly senders: Senders;
  hub: HubProgram;
  /** From each kill until an agent was connected again, in ms. */
  readonly pauses: number[] = [];
  readonly ledger: string;
  readonly journal: string;

  private constructor(folder: string, hub: HubProgram, perSecond: number) {
    this.hub = hub;
    this.ledger = join(folder, "ledger");
    this.journal = join(folder, "journal.sqlite");
    this.senders = new Senders({
      hub: hub.mqtt,
      site: "demo",
      nodes,
      perSecond,
      messages: 0,
      ledger: this.ledger,
    });
  }

  static async open(perSecond: number): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), "kills-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return new Scene(folder, await startHub({ data: folder }), perSecond);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.senders.kill();
    await this.hub[Symbol.asyncDispose]();
  }
}

async function killHub(scene: Scene): Promise<void> {
  scene.senders.connections = [];
  const killedAt = performance.timeOrigin + performance.now();
  await scene.hub.signal("SIGKILL");
  scene.hub = await startHub(scene.hub.place);
  while (scene.senders.connections.length === 0) await after(5);
  scene.pauses.push(Math.min(...scene.senders.connections) - killedAt);
}

async function untilDone(senders: Senders): Promise<void> {
  for (let waited = 0; !senders.isDone; waited += 20) {
    if (waited > 60_000) throw new Error("not everything was confirmed within a minute");
    await after(20);
  }
}

function report(scene: Scene, what: string): ReturnType<typeof judge> {
  const judgement = judge(scene.ledger, scene.journal);
  const { sent, confirmed, processed } = judgement;
  const pauses = scene.pauses.toSorted((a, b) => a - b).map(Math.round);
  const median = pauses[Math.floor(pauses.length / 2)];
  console.log(
    `${what} (SEED=${seed}): ${sent} sent, ${confirmed} confirmed, ${processed} processed; ` +
      `back after ${median ?? "–"} ms (median), ${pauses.at(-1) ?? "–"} ms at most`,
  );
  expect(judgement).toMatchObject({ lost: [], twice: [], misordered: [] });
  if (median !== undefined) expect(median).toBeLessThan(backWithin);
  return judgement;
}

const timeout = isLong ? 3_600_000 : 180_000;
/** Between two kills, in ms: so that each meets the hub at another point of its work. */
const pauseOf = (random: ReturnType<typeof seededRandom>) => 50 + Math.floor(random.next() * 300);

test(`the hub is killed ${kills} times during ${messages} messages`, { timeout }, async () => {
  const random = seededRandom(seed);
  // A kill takes about a second with its start; so long messages come; with the pauses between them it is a little more.
  await using scene = await Scene.open(messages / (kills * 0.9));
  scene.senders.start(messages);
  for (let kill = 0; kill < kills; kill++) {
    await after(pauseOf(random));
    await killHub(scene);
  }
  await untilDone(scene.senders);

  const { sent, confirmed, processed } = report(scene, "hub killed");
  expect([sent, confirmed, processed]).toEqual([messages, messages, messages]);
});

test(`agents are killed ${otherKills} times`, { timeout }, async () => {
  const random = seededRandom(seed);
  await using scene = await Scene.open(12_000);
  for (let kill = 0; kill < otherKills; kill++) {
    scene.senders.start(messages);
    await after(300 + pauseOf(random));
    await scene.senders.kill();
  }
  scene.senders.start(2000);
  await untilDone(scene.senders);

  const { confirmed, processed } = report(scene, "agents killed");
  expect(confirmed).toBeGreaterThan(5000);
  expect(processed).toBeGreaterThanOrEqual(confirmed);
});

test(`hub and agents are killed together ${otherKills} times`, { timeout }, async () => {
  const random = seededRandom(seed);
  await using scene = await Scene.open(12_000);
  for (let kill = 0; kill < otherKills; kill++) {
    scene.senders.start(messages);
    await after(300 + pauseOf(random));
    await Promise.all([scene.senders.kill(), scene.hub.signal("SIGKILL")]);
    scene.hub = await startHub(scene.hub.place);
  }
  scene.senders.start(2000);
  await untilDone(scene.senders);

  const { confirmed, processed } = report(scene, "both killed");
  expect(confirmed).toBeGreaterThan(5000);
  expect(processed).toBeGreaterThanOrEqual(confirmed);
});
