/** A bundle over a slow line: how long it takes, and what that costs somebody who presses stop meanwhile. */
import { setTimeout as after } from "node:timers/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleDigest, hubWithBundle, presses } from "../e2e/pull/bundle-hub.ts";
import { type PullingNode, pullingNode } from "../e2e/pull/pulling-node.ts";
import { slowLine } from "../e2e/pull/slow-line.ts";
import { type Bench, type BenchContext, percentile, Samples } from "./bench.ts";

const runs = 3;
/** In bytes a second: a poor radio link, and a fair one. */
const rates = [250_000, 1_250_000] as const;
/** The bundle is pulled again and again until there were so many. */
const pressesWanted = 100;
const idlePresses = 40;

export const filePull: Bench = {
  name: "file-pull",
  about: "300 KB to a node over a slow line, beside somebody who presses stop on the same connection",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(filePull.name);
  await using hub = await hubWithBundle();
  for (const rate of rates) {
    const subject = `${rate / 1000} kB/s`;
    for (let count = 1; count <= runs; count += 1) {
      progress(`${subject}: run ${count} of ${runs}`);
      await using stack = new AsyncDisposableStack();
      const line = stack.use(await slowLine(hub.mqtt, rate));
      const folder = await mkdtemp(join(tmpdir(), "pull-"));
      stack.defer(() => rm(folder, { recursive: true, force: true }));
      const node = stack.use(await pullingNode(line.url, folder));
      await node.connected;
      const before = await presses(hub, node);
      while (before.count < idlePresses) await after(50, undefined, { signal });
      addDelays(samples, `${subject}, idle`, await before.end());
      const meanwhile = await presses(hub, node);
      while (meanwhile.count < pressesWanted)
        samples.add(subject, "transfer", "s", await transferTime(node, signal));
      addDelays(samples, subject, await meanwhile.end());
    }
  }
  return samples.rows();
}

/** In seconds. */
async function transferTime(node: PullingNode, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  for await (const _ of node.pull.files.fetch(bundleDigest, 0, signal));
  return (performance.now() - began) / 1000;
}

function addDelays(samples: Samples, subject: string, delays: readonly number[]): void {
  for (const share of [0.5, 0.99])
    samples.add(subject, `stop p${share * 100}`, "ms", percentile(delays, share));
}
