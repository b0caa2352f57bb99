/** A critical message towards a node that fifty thousand others wait for, while other nodes take nothing. */
import { meetBacklog } from "../../e2e/urgent/backlog.ts";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { addLatencies } from "./latencies.ts";

const runs = 3;
const plan = { messages: 50_000, workMicros: 50, stalled: 3, criticals: 100, interval: 20 };

export const criticalBehindBacklog: Bench = {
  name: "critical-behind-backlog",
  about: "a critical message to a slow node behind 50,000 others, with other nodes that take nothing",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(criticalBehindBacklog.name);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}: ${plan.criticals} critical messages`);
    const outcome = await meetBacklog(plan, signal);
    if (outcome.queuedAfter === 0) throw new Error("the backlog was over before the last critical message");
    addLatencies(samples, "interactor", "critical", outcome.lates);
    addLatencies(samples, "interactor", "to a node without a backlog", outcome.latesWithout);
    samples.add("interactor", "backlog at the first of them", "messages", outcome.queuedBefore);
    samples.add("interactor", "backlog after the last", "messages", outcome.queuedAfter);
    samples.add("interactor", "for nodes that take nothing", "messages", outcome.queuedForStalled);
  }
  return samples.rows();
}
