// kill -9 of an agent, of its hub and of both while a durable output counts: nothing that was safe is lost, nothing is
// taken in twice, and the order is kept. A judge that shares no code with either side says so.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { isLong } from "../hostile/length.ts";
import { type HubProgram, startHub } from "../programs.ts";
import type { CountingPlan } from "./counting-agent.ts";
import { judgeSpool } from "./spool-judge.ts";

const seed = Number(process.env["SEED"] ?? 7);
const kills = isLong ? 500 : 25;
/** With their hub, which takes longer to be back. */
const killsOfBoth = isLong ? 500 : 10;
const timeout = isLong ? 1_800_000 : 120_000;
const node = "pi";

class Scene implements AsyncDisposable {
  readonly folder: string;
  readonly ledger: string;
  readonly hubData: string;
  hub: HubProgram;
  #child: ChildProcess | undefined;
  #isDone = false;

  private constructor(folder: string, hub: HubProgram) {
    this.folder = folder;
    this.ledger = join(folder, "ledger");
    this.hubData = join(folder, "hub");
    this.hub = hub;
  }

  static async open(): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), "spool-kills-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "agent"));
    mkdirSync(join(folder, "hub"));
    writeFileSync(join(folder, "ledger"), "");
    return new Scene(folder, await startHub({ data: join(folder, "hub") }));
  }

  async startAgent(more: Pick<CountingPlan, "perSecond" | "messages">): Promise<void> {
    const data = join(this.folder, "agent");
    const plan: CountingPlan = { hub: this.hub.mqtt, data, node, ledger: this.ledger, ...more };
    const program = join(import.meta.dirname, "counting-agent.ts");
    const child = spawn(process.execPath, [program, JSON.stringify(plan)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    this.#isDone = false;
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      this.#isDone = said.includes("done");
    });
    while (!said.includes("started")) await after(5);
  }

  async killAgent(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async restartHub(): Promise<void> {
    await this.hub.signal("SIGKILL");
    this.hub = await startHub(this.hub.place);
  }

  /** Sends what is left, and makes a few more on the way. */
  async finish(): Promise<void> {
    await this.startAgent({ perSecond: 1000, messages: 200 });
    for (let waited = 0; !this.#isDone; waited += 20) {
      if (waited > 60_000) throw new Error("not everything was confirmed within a minute");
      await after(20);
    }
  }

  judge(what: string): ReturnType<typeof judgeSpool> {
    const judgement = judgeSpool(this.ledger, join(this.hubData, "journal.sqlite"), node);
    const { safe, processed, repeated } = judgement;
    console.log(`${what} (SEED=${seed}): ${safe} safe, ${processed} processed, ${repeated} known again`);
    expect(judgement).toMatchObject({ lost: [], twice: [], misordered: [] });
    expect(safe).toBeGreaterThan(killsOfBoth * 50);
    return judgement;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAgent();
    await this.hub[Symbol.asyncDispose]();
  }
}

const busy = { perSecond: 2000, messages: 1_000_000 };

test(
  `an agent is killed ${kills} times; its hub answers, or stands still for a while`,
  { timeout },
  async () => {
    const random = seededRandom(seed);
    await using scene = await Scene.open();
    for (let kill = 0; kill < kills; kill += 1) {
      // Of three lives one meets a hub that does not answer, and one a hub that stops answering.
      const standsStill = kill % 3 !== 0;
      if (kill % 3 === 1) await scene.hub.signal("SIGSTOP");
      await scene.startAgent(busy);
      await after(100 + random.next() * 300);
      if (kill % 3 === 2) await scene.hub.signal("SIGSTOP");
      await after(50 + random.next() * 300);
      await scene.killAgent();
      if (standsStill) await scene.hub.signal("SIGCONT");
    }
    await scene.finish();

    const { processed } = scene.judge("agent killed");
    expect(await scene.hub.metric("interactor_hub_messages_total")).toBe(processed);
  },
);

test(`an agent and its hub are killed ${killsOfBoth} times, in turn and together`, { timeout }, async () => {
  const random = seededRandom(seed + 1);
  await using scene = await Scene.open();
  for (let kill = 0; kill < killsOfBoth; kill += 1) {
    await scene.startAgent(busy);
    await after(200 + random.next() * 300);
    if (kill % 3 === 0) await scene.restartHub();
    else if (kill % 3 === 1) await Promise.all([scene.killAgent(), scene.hub.signal("SIGKILL")]);
    if (kill % 3 === 1) scene.hub = await startHub(scene.hub.place);
    await after(random.next() * 200);
    await scene.killAgent();
  }
  await scene.finish();

  scene.judge("agent and hub killed");
});
