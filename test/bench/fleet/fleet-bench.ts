/** Five hundred agents against one hub: born at once, speaking steadily, and coming back after the hub was killed. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { cpuSecondsOf, memoryOf } from "../usage-of.ts";
import { Fleet } from "./fleet.ts";

const plan = { nodes: 500, perSecond: 10 };
/** The promise after a restart of the hub, in ms. */
const backWithin = 30_000;
const settle = 3000; // ms
const span = 15_000; // ms

export const fleet500: Bench = {
  name: "fleet-500",
  about: "500 agents in one process against one hub: birth storm, 10 messages a second each, hub killed",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(fleet500.name);
  const add = (metric: string, unit: string, value: number) => samples.add("interactor", metric, unit, value);
  progress(`${plan.nodes} agents are started at once`);
  await using fleet = await Fleet.open(plan);
  add("storm, until all are ready", "s", await fleet.untilReady(backWithin));
  add("storm, attempts in the busiest second", "attempts", (await fleet.look()).busiestSecond);
  add("storm, hub rss", "MB", (await memoryOf(fleet.hub.pid)).rss);
  await sleep(settle, undefined, { signal });

  progress(`${plan.perSecond} messages a second each for ${span / 1000} s`);
  const taken = async () => (await fleet.hub.metric("interactor_hub_messages_total")) ?? 0;
  const before = { cpu: await cpuSecondsOf(fleet.hub.pid), taken: await taken(), at: performance.now() };
  await sleep(span, undefined, { signal });
  const seconds = (performance.now() - before.at) / 1000;
  const rate = ((await taken()) - before.taken) / seconds;
  add("steady, hub cpu", "% of a core", ((await cpuSecondsOf(fleet.hub.pid)) - before.cpu) * (100 / seconds));
  add("steady, messages taken in", "1/s", rate);
  add("steady, hub rss", "MB", (await memoryOf(fleet.hub.pid)).rss);

  progress("the hub is killed and started again");
  const back = await fleet.restartHub(backWithin);
  const { busiestSecond } = await fleet.look();
  add("restart, until the hub accepts", "s", back.hubSeconds);
  add("restart, until all are ready", "s", back.seconds);
  add("restart, attempts in the busiest second", "attempts", busiestSecond);
  add("restart, hub rss", "MB", (await memoryOf(fleet.hub.pid)).rss);
  const missed = (await fleet.hub.metric("interactor_hub_messages_missed_total")) ?? 0;
  const cut = (await fleet.hub.metric("interactor_hub_clients_cut_total")) ?? 0;
  add("restart, messages missed", "messages", missed);
  add("restart, clients cut or turned away", "clients", cut);
  return samples.rows();
}
