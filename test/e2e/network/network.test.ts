// Peers that stall, crawl, flap, flood and are cut off, in a network of real namespaces: meanwhile the others work on,
// and soon after it heals the fleet is one again, with nothing lost and nothing done that was too late.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { apiPaths, ledgerResponse } from "@interactor/shared/wire/api";
import { percentile } from "../../bench/bench.ts";
import { forgetPeak, peakBytes, settledBytes } from "../hostile/resident-memory.ts";
import { requiresNamespaces } from "../namespaces.ts";
import { eventually } from "../programs.ts";
import { convergedWithin, lastOf, untilConverged } from "./convergence.ts";
import { durablesIn } from "./durable-judge.ts";
import { type Fault, faults, spared } from "./faults.ts";
import { FleetApart, nodeNames } from "./fleet-apart.ts";

const test = requiresNamespaces("iptables", "socat");

const cut = faults.flatMap(({ node, isCut }) => (isCut && node !== undefined ? [node] : []));
const late = ["n1", "n3"];
const zones = Object.fromEntries([
  ...cut.map((node) => [node, "cut"]),
  ...late.map((node) => [node, "late"]),
]);

test("a bad quarter of an hour", { timeout: 180_000 }, async () => {
  await using fleet = await FleetApart.open(zones);
  const memory = await settledBytes(fleet.hub.pid, 3000);
  forgetPeak(fleet.hub.pid);
  await fleet.ask({ kind: "mark" });
  const heals = await Promise.all(faults.map((fault) => fault.begin(fleet)));
  const t0 = performance.now();
  await sleep(1000);
  await eventually("the cut are lost", async () => {
    const nodes = await fleet.hub.nodes();
    return cut.every((node) => nodes.find((each) => each.node === node)?.state === "lost");
  });
  console.log("lost after", performance.now() - t0);
  const revision = await fleet.desireMore();
  for (const zone of ["cut", "late"]) console.log(await fleet.interactor("stop", "--zone", zone));
  const requests = await Promise.all(
    cut.map((node) => fleet.ask({ kind: "command", address: `${node}/stage/ch3`, value: 200, ttl: 1000 })),
  );
  await sleep(16_000 - (performance.now() - t0));
  const look = await fleet.look();
  console.log(requests.map((request) => look.replies[String(request)]));
  console.log(JSON.stringify(look.nodes));
  for (const { node, values, lights } of await fleet.delays())
    console.log(node, words(values), words(lights));
  const peak = peakBytes(fleet.hub.pid);
  console.log("memory", memory / 1e6, peak / 1e6);
  console.log((await fleet.hub.nodes()).map(({ node, state }) => `${node} ${state}`).join(", "));
  await fleet.ask({ kind: "hush" });
  await Promise.all(heals.map((heal) => heal()));
  const healedAt = performance.now();
  const stopped = new Set([...cut, ...late]);
  try {
    const times = await untilConverged(fleet, { revision, stopped }, healedAt);
    for (const node of nodeNames)
      console.log(node, JSON.stringify(Object.fromEntries(times.get(node) ?? [])));
  } catch (error) {
    console.log(String(error));
  }
  {
    for (const [node, agent] of fleet.agents)
      console.log(node, agent.log().split("\n").slice(-12).join("\n"));
  }
  console.log(await fleet.interactor("ledger", "--check"));
  const durables = durablesIn(join(fleet.hub.data, "journal.sqlite"));
  for (const [output, { counters, repeated }] of durables)
    console.log(
      output,
      counters.length,
      counters.every((each, index) => each === index + 1),
      repeated,
    );
  console.log(fleet.hub.log().slice(-6000));
});

function words(delays: readonly (number | null)[]): string {
  const seen = delays.filter((each) => each !== null);
  if (seen.length === 0) return `none of ${delays.length} seen`;
  return `${delays.length} said, ${delays.length - seen.length} not seen, p50 ${percentile(seen, 0.5)?.toFixed(0)} p99 ${percentile(seen, 0.99)?.toFixed(0)} ms`;
}
