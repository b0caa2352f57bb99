// What is critical on its way past fifty thousand messages that wait for the same node.

import { expect, test } from "vitest";
import { percentile } from "../../bench/bench.ts";
import { type BacklogPlan, meetBacklog } from "./backlog.ts";

const plan: BacklogPlan = { messages: 50_000, workMicros: 50, stalled: 3, criticals: 100, interval: 20 };
/** In ms. The goals are 2 and 15; a busy machine has five times that. */
const within = { p50: 5 * 2, p99: 5 * 15 };

test("a critical message passes a backlog of fifty thousand, also while other nodes take nothing", async () => {
  const outcome = await meetBacklog(plan);

  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(outcome.lates, share));
  console.log(
    `critical behind ${outcome.queuedBefore} messages: p50 ${p50?.toFixed(2)} ms, p99 ${p99?.toFixed(2)} ms, ` +
      `max ${max?.toFixed(2)} ms; ${outcome.queuedAfter} waited still, ${outcome.queuedForStalled} for stalled nodes`,
  );
  expect(outcome.lates).toHaveLength(plan.criticals);
  expect(outcome.queuedBefore).toBe(plan.messages);
  expect(outcome.queuedAfter).toBeGreaterThan(0);
  expect(outcome.stalledNodes).toBe(plan.stalled);
  expect(outcome.queuedForStalled).toBeGreaterThanOrEqual(plan.stalled * plan.messages);
  expect(p50).toBeLessThan(within.p50);
  expect(p99).toBeLessThan(within.p99);
}, 60_000);
