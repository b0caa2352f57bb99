/** One line of a site file, to a hundred agents: from the request until each has been well with it and the hub knows. */
import { configPaths, rolloutView, appliedResponse } from "@interactor/shared/wire/api-config";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type BenchContext, Samples } from "./bench.ts";
import { Fleet } from "./fleet/fleet.ts";
import { fleetSite } from "./fleet/fleet-site.ts";

const nodes = 100;
const runs = 5;
/** The promise is with this probation, in ms. */
const probation = 500;
const readyWithin = 30_000;
const lookInterval = 20; // ms

export const applyFleet: Bench = {
  name: "apply-fleet",
  about: `a one-line change of a site file to ${nodes} agents, until it is confirmed`,
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(applyFleet.name);
  await using fleet = await Fleet.open({ nodes, perSecond: 1 });
  await fleet.untilReady(readyWithin);
  // The first run starts every instance anew, and the thread that compiles.
  for (let count = 0; count <= runs; count += 1) {
    progress(count === 0 ? "the first revision" : `run ${count} of ${runs}`);
    const startedAt = performance.now();
    const revision = await apply(fleet.hub.http, fleetSite(nodes, count + 1));
    const answered = performance.now() - startedAt;
    for (;;) {
      const { kind, why } = await rollout(fleet.hub.http, revision);
      if (kind === "complete") break;
      if (kind !== "running") throw new Error(`the rollout is ${kind}: ${why}`);
      await sleep(lookInterval, undefined, { signal });
    }
    if (count === 0) continue;
    samples.add("interactor", "until the revision is made", "ms", answered);
    samples.add("interactor", "until it is confirmed", "ms", performance.now() - startedAt);
  }
  return samples.rows();
}

async function apply(http: string, text: string): Promise<number> {
  const body = {
    root: "site.yaml",
    files: { "site.yaml": text },
    author: "bench",
    message: "one line",
    rollout: { waves: [{ share: 1 }], probation_ms: probation, settle_ms: 0 },
  };
  const answer = await fetch(`${http}${configPaths.revisions}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return appliedResponse.parse(await answer.json()).revision.number;
}

async function rollout(http: string, revision: number) {
  return rolloutView.parse(await (await fetch(`${http}${configPaths.rollouts}/${revision}`)).json());
}
