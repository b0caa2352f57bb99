/** An agent whose hub was away for long: how fast a full spool empties, and what live values wait for meanwhile. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../e2e/free-port.ts";
import { heal, healedIn, spendDayAway } from "../e2e/spool/full-spool.ts";
import { startHub } from "../e2e/programs.ts";
import { type Bench, type BenchContext, percentile, Samples } from "./bench.ts";

const runs = 3;
const megabytes = 200;

export const spoolDrain: Bench = {
  name: "spool-drain",
  about: `an agent with ${megabytes} MB in its spool meets its hub again: messages a second, and live values meanwhile`,
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(spoolDrain.name);
  for (let count = 1; count <= runs; count += 1) {
    await using undo = new AsyncDisposableStack();
    const folder = undo.adopt(await mkdtemp(join(tmpdir(), "spool-drain-")), (path) =>
      rm(path, { recursive: true }),
    );
    progress(`run ${count} of ${runs}: a day away`);
    const startedAt = performance.now();
    const mqttPort = await freePort();
    const agent = undo.use(await spendDayAway({ data: folder, mqttPort }, megabytes * 1024 ** 2));
    const { messages } = agent;
    const filled = (performance.now() - startedAt) / 1000;
    const hub = undo.use(await startHub({ mqttPort }));
    progress(`run ${count} of ${runs}: ${messages} messages`);
    const { seconds, latencies, growth } = await heal(hub, agent, signal);
    const healed = healedIn(join(hub.data, "journal.sqlite"));
    const isWhole = healed.length === messages && healed.every((number, index) => number === index + 1);
    if (!isWhole) throw new Error(`of ${messages} messages ${healed.length} came, or in another order`);
    samples.add("agent", "spooled", "messages/s", messages / filled);
    samples.add("interactor", "drained", "messages/s", messages / seconds);
    samples.add("interactor", "live p50 meanwhile", "ms", percentile(latencies, 0.5));
    samples.add("interactor", "live p99 meanwhile", "ms", percentile(latencies, 0.99));
    samples.add("agent", "memory beyond idle", "MB", growth / 1024 ** 2);
  }
  return samples.rows();
}
