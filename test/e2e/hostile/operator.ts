/**
 * Somebody who looks after the site and wants to get in while it is under attack, in a process of its own, so that an
 * attacker's work does not count as the hub's: again and again it asks over HTTP and comes with a new WebSocket.
 */
import { get } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { answerRequests } from "../remote.ts";
import { Scene } from "./attack.ts";
import type { Target } from "./raw-connection.ts";

export interface OperatorRequest {
  readonly target: Target;
  readonly seconds: number;
}

export interface OperatorReport {
  readonly tries: number;
  /** The longest that `/healthz`, and a client over a new WebSocket, took to be answered, in milliseconds. */
  readonly healthMax: number;
  readonly clientMax: number;
  /** What did not work at all. */
  readonly problems: readonly string[];
}

/** So often it tries to get in. */
const tryEvery = 100;
/** Then it gives up a try. */
const patience = 5000;

/** Resolves when the hub has answered on a connection of its own. */
async function answered(http: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = get(`${http}/healthz`, { agent: false, timeout: patience }, (response) => {
    response.resume();
    if (response.statusCode === 200) response.once("end", () => resolve());
    else reject(new Error(`/healthz answered ${response.statusCode}`));
  });
  request.once("timeout", () => request.destroy(new Error(`/healthz said nothing for ${patience} ms`)));
  request.once("error", reject);
  await promise;
}

async function entered(target: Target): Promise<void> {
  using scene = new Scene(target, "websocket", "after CONNECT", patience / 1000);
  const client = await scene.join();
  if (scene.isOver || !client.isOpen) throw new Error("a client over a new WebSocket did not get in");
}

async function timeOf(work: Promise<void>, problems: string[]): Promise<number> {
  const startedAt = performance.now();
  await work.catch((error: unknown) => problems.push(String(error)));
  return performance.now() - startedAt;
}

answerRequests(async (asked): Promise<OperatorReport> => {
  const { target, seconds } = asked as OperatorRequest;
  const endsAt = performance.now() + seconds * 1000;
  const problems: string[] = [];
  const report = { tries: 0, healthMax: 0, clientMax: 0, problems };
  while (performance.now() < endsAt) {
    report.healthMax = Math.max(report.healthMax, await timeOf(answered(target.http), problems));
    report.clientMax = Math.max(report.clientMax, await timeOf(entered(target), problems));
    report.tries += 1;
    await after(tryEvery);
  }
  return report;
});
